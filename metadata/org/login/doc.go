// Package login gets sessions of orgs, by every way that Salesforce does not
// retire, and keeps what is needed to get them again.
//
// # Where things are kept
//
// Accounts, which are no secrets, are in accounts.json. Refresh tokens and
// consumer secrets are in the keyring of the operating system, or, if it has
// none, in a file that its owner alone may read; [Saved] says which.
//
// # What is not here
//
// The username-password flow and the device flow, which orgs block, and the
// login of the SOAP API, which ends in Summer '27.
package login
