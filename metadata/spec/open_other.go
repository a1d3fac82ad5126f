//go:build !unix

package spec

// nonBlocking is for systems whose pipes are in the file system.
const nonBlocking = 0
