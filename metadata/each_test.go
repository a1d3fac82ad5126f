package metadata_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

func TestEach(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 15, 16, 17, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			calls := make([]atomic.Int64, max(n, 0))
			metadata.Each(n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if got := calls[i].Load(); got != 1 {
					t.Errorf("%d was called %d times", i, got)
				}
			}
		})
	}
}
