// Package org speaks to one Salesforce org: the Metadata API over REST and SOAP,
// queries, and what else the tool asks of it.
//
// # What is sent again
//
// Retry decides, from a table and nothing else, whether a request is sent again.
// Reading may always be repeated. A deploy may not: it is repeated only if it
// surely did not arrive. Where that cannot be told, Deploy returns an error that
// is [ErrAmbiguous], and the caller looks for the deploy.
//
// # What is trusted
//
// Nothing that comes over the network. Bodies are read through a limit, no
// redirect leaves the host, a page of HTML is never taken for an answer, and a
// session id goes to the one host that it belongs to.
package org
