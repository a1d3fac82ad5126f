package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// CollectLate puts the first garbage collection of the process off until the heap
// has 24 MB, which it never has in most commands. After it the heap grows as it does
// elsewhere, so that what works on much does not need more memory. GOGC has the last
// word.
func CollectLate() {
	const first, usual = 600, 100 // percent of the runtime's smallest heap, 4 MB
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(first)
	runtime.AddCleanup(new(*byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
