// Package verify proves that an External Client App works: every flow that its
// spec enables is gone through as a client would, and what has to be refused is
// tried.
//
// A check is passed only if it was seen to hold. What cannot be seen without a
// person, a secret or a user that nobody gave is skipped, with the reason.
//
// Nothing is left behind: each token is noted before it is used, and all are
// revoked in the end, whatever happened in between.
package verify
