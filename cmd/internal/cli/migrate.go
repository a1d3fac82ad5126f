package cli

import "github.com/spf13/cobra"

func (p *program) newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Carry apps over, and prove that they work",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("ecactl migrate --help", "migrate needs a command")
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(p.newMigrateVerify())
	return cmd
}
