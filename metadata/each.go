package metadata

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls f for 0 to n-1 on every core, and returns when all of it is done. f
// keeps its own results and errors, by their index.
func Each(n int, f func(int)) {
	const block = 16 // calls: they keep the cost of sharing out away from work as small as a file
	var taken atomic.Int64
	work := func() {
		for {
			end := int(taken.Add(block))
			if end-block >= n {
				return
			}
			for i := end - block; i < min(end, n); i++ {
				f(i)
			}
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+block-1)/block) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
