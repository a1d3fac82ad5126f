//go:build !race

package convert_test

const raced = false
