package cli_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkStartUp runs the program from start to end for what needs least.
func BenchmarkStartUp(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "ecactl")
	build := exec.Command("go", "build", "-o", binary, "./cmd/ecactl")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		if err := exec.Command(binary, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
}
