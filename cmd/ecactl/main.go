// Command ecactl manages Salesforce External Client Apps as code.
package main

import (
	"os"

	"github.com/ecactl/ecactl/cmd/internal/cli"
)

func main() {
	cli.CollectLate()
	ctx := cli.Interruptible()
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, cli.System()))
}
