//go:build unix

package spec

import "syscall"

// nonBlocking opens a pipe without waiting for somebody to write into it; it is
// then seen not to be a regular file.
const nonBlocking = syscall.O_NONBLOCK
