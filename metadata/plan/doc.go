// Package plan compares what specs want with what an org has, and says what a
// deploy would change, field by field. It is data in and data out: it reads no
// org, and what it returns is printed, saved and carried out elsewhere.
//
// # What is no change
//
// An org writes more than a spec says: keys, links, and a default for every
// field that was left out. None of it is a difference. A list is a set where
// Salesforce takes it as one, a certificate is its bytes, and a field that
// nobody sets is the org's default. So a plan made after a deploy is empty.
//
// # What a plan carries
//
// A component is deployed whole, and the parts of an app belong together, so an
// app with one change is deployed with all of its components. They keep the
// names that the org has for them: policies that an org made by itself are
// called anything, and a second one is refused.
package plan
