package cli

import (
	"github.com/spf13/cobra"
)

// topics are help pages without a command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "exit-codes",
			Short: "What the exit codes say",
			Long: `  0    done
  1    error: something could not be done
  2    differences (generate --check, plan --detailed-exitcode) or findings (lint,
       audit --fail-on, doctor, migrate verify)
  4    not logged in, or the session has ended
  64   the command line cannot be understood
  68   partly deployed
  69   the deploy is still running, and --wait is over; deploy status
  130  interrupted

credentials ... -- COMMAND ends with the code of the command.

A reader that closes the pipe early (ecactl audit … | head) is no error.`,
		},
		{
			Use:   "spec",
			Short: "How a spec is written",
			Long:  specTopic,
		},
	}
}

const specTopic = `One YAML document describes one External Client App:

  apiVersion: ecactl/v1
  kind: ExternalClientApp
  name: Order_Sync                    # API name
  contact: {email: admin@example.com}
  oauth:
    callbackUrls: [https://orders.example.com/oauth/callback]
    scopes: [api, refresh_token]
  policies:
    permittedUsers: admin-approved
    permissionSets: [Order_Sync]
    refreshToken: {inactivity: 30d}

kind: ExternalClientAppSettings holds the org's switches.

A file may hold several documents (---), a folder any number of files. Unknown
keys, wrong types, keys that occur twice, anchors and aliases are errors.

What is not said is not written, and the org's default applies. Only what the
platform requires is filled in: the reference to the app, labels, Local,
isEnabled, and the second of two switches that must agree. Without "policies"
no policy files are written, and the org makes its own.

${NAME}         is replaced by --var, --var-file or the environment; $${NAME}
                is the text itself. In a flow list or mapping it needs quotes.
environments:   differences by environment, laid over the rest by --environment.
                Mappings are merged key by key, lists replaced, null takes a key
                away.
components:     names of the app's components, where they are not Setup's own;
                false for one that is kept elsewhere.
metadata:       elements as they stand in metadata, by type, for what has no key.
orgBound:       what only an org writes; packaging needs it, another org refuses
                it.
metadataApiVersion:  the API version that the app is written for, where
                --api-version says nothing.

Secrets have no place in a spec.

  ecactl explain            lists the keys
  ecactl explain KEY        says what a key means
  ecactl schema             prints the JSON Schema
  ecactl init               writes a commented spec`
