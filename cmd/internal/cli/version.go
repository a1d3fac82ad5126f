package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// release is set by the linker in a release build.
var release string

// version is the release, or what the module system knows of the build.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}

func (p *program) newVersion() *cobra.Command {
	var out outputs
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  ecactl version --json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			v := struct {
				Version  string `json:"version"`
				Rules    string `json:"rules"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{version(), migrate.RulesVersion, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			line := func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "ecactl %s (rules %s, %s, %s)\n", v.Version, v.Rules, v.Go, v.Platform)
				return err
			}
			return p.print(targets, document{data: v, table: func(w io.Writer, _ report.Theme) error { return line(w) }, markdown: line})
		},
	}
	out.add(cmd)
	return cmd
}
