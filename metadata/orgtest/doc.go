// Package orgtest is an emulated Salesforce org on a loopback port: true enough
// for the real sf and jsforce, which its interop tests run against it.
//
// # What it does
//
// It speaks the Metadata API over SOAP and REST, queries a subset of SOQL, and
// hands out OAuth tokens. Deploys are checked as an org checks them, with the
// org's texts, in one transaction; what a file leaves out comes back on retrieve
// with the org's default. Keys, secrets and default policies are minted.
//
// # What it is not
//
// A judge of what an unknown org would do. Where the references are unsure it
// is strict about metadata and lenient about how other clients write a request.
// Nothing in it is secret: its tokens open nothing but itself.
package orgtest
