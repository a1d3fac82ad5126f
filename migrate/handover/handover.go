// Package handover writes what the client of an app needs: its key and secret in
// the form of a secret store, and how the client is set up.
package handover

import (
	"cmp"
	"embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// Values are what is handed over.
type Values struct {
	App         string // API name
	ClientID    string
	Secret      secret.String
	InstanceURL string
	Prefix      string // of the variables' names; default SALESFORCE
}

// Variables lists the names and values of environment variables.
func (v Values) Variables() [][2]string {
	p := cmp.Or(v.Prefix, "SALESFORCE")
	return [][2]string{{p + "_CLIENT_ID", v.ClientID}, {p + "_CLIENT_SECRET", v.Secret.Reveal()}, {p + "_INSTANCE_URL", v.InstanceURL}}
}

// Formats lists the secret stores that there is a form for.
func Formats() []string { return []string{"dotenv", "github", "kubernetes"} }

// Format writes values in the form of a secret store.
func Format(format string, v Values) ([]byte, error) {
	for _, pair := range v.Variables() {
		if strings.ContainsAny(pair[1], "\r\n\x00") {
			return nil, fmt.Errorf("%s has a line break in it, and no secret store's form takes one", pair[0])
		}
	}
	switch format {
	case "dotenv", "github": // gh secret set --env-file reads the same
		return dotenv(v), nil
	case "kubernetes":
		return kubernetes(v), nil
	}
	return nil, fmt.Errorf("there is no format %q (%s)", format, strings.Join(Formats(), ", "))
}

func dotenv(v Values) []byte {
	var out strings.Builder
	for _, pair := range v.Variables() {
		value := pair[1]
		if !regexp.MustCompile(`^[\w.:/+=@-]*$`).MatchString(value) {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		out.WriteString(pair[0] + "=" + value + "\n")
	}
	return []byte(out.String())
}

// kubernetes writes a Secret whose keys are variables, for envFrom.
func kubernetes(v Values) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ntype: Opaque\nstringData:\n", ResourceName(v.App))
	for _, pair := range v.Variables() {
		value, _ := json.Marshal(pair[1]) // a text always encodes, and JSON's are YAML's
		fmt.Fprintf(&out, "  %s: %s\n", pair[0], value)
	}
	return []byte(out.String())
}

// ResourceName makes an API name one of Kubernetes.
func ResourceName(app string) string {
	name := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(app, "-"))
	return strings.Trim(name[:min(len(name), 63)], "-")
}

//go:embed snippets
var snippets embed.FS

// Clients lists the clients that there is a snippet for.
func Clients() []string {
	entries, err := snippets.ReadDir("snippets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// Facts are what a snippet needs to know. None of them is a secret.
type Facts struct {
	App, Label  string
	ClientID    string
	InstanceURL string
	Kind        org.Kind
	Callbacks   []string
	Scopes      []string // OAuth names
	Flows       []string // of client, jwt; the authorization code flow is always there
}

// nangoCallback is where Nango takes codes.
const nangoCallback = "https://api.nango.dev/oauth/callback"

// Snippet says how a client is connected to an app, with <placeholders> for
// secrets, and remarks on what would keep it from working.
func Snippet(client string, f Facts) (text string, remarks []string, err error) {
	src, err := snippets.ReadFile("snippets/" + client + ".txt")
	if err != nil {
		return "", nil, fmt.Errorf("there is no client %q (%s)", client, strings.Join(Clients(), ", "))
	}
	provider := "salesforce"
	if f.Kind == org.Sandbox || f.Kind == org.Scratch { // a Developer Edition logs in like a production org
		provider = "salesforce-sandbox"
	}
	callback := "<callback>"
	if len(f.Callbacks) > 0 {
		callback = f.Callbacks[0]
	}
	if client == "nango" {
		callback = nangoCallback
		if !slices.Contains(f.Callbacks, nangoCallback) {
			remarks = append(remarks, "the app does not have Nango's callback "+nangoCallback+": add it to oauth.callbackUrls, and deploy")
		}
		if !slices.Contains(f.Scopes, "refresh_token") {
			remarks = append(remarks, "the app has no scope refresh_token, and Nango keeps a connection alive with refresh tokens")
		}
	}
	if client == "named-credential" && !slices.Contains(f.Flows, "client") {
		remarks = append(remarks, "the app does not take client credentials, by which this named credential logs in: enable oauth.flows.clientCredentials, and deploy")
	}
	quote := quotes[client]
	var pairs []string
	for name, value := range map[string]string{
		"app": f.App, "slug": ResourceName(f.App), "label": cmp.Or(f.Label, strings.ReplaceAll(f.App, "_", " ")), "clientId": f.ClientID,
		"instanceUrl": f.InstanceURL, "provider": provider, "callback": callback, "scopes": strings.Join(f.Scopes, ","),
	} {
		if quote != nil {
			value = quote(value)
		}
		pairs = append(pairs, "{{"+name+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(string(src)), remarks, nil
}

// quotes make a value from the org harmless where a snippet puts it: between
// single quotes of a shell, or in XML.
var quotes = map[string]func(string) string{
	"curl": func(s string) string { return strings.ReplaceAll(s, "'", `'\''`) },
	"sf":   func(s string) string { return strings.ReplaceAll(s, "'", `'\''`) },
	"named-credential": func(s string) string {
		var out strings.Builder
		_ = xml.EscapeText(&out, []byte(s)) // a builder takes everything
		return out.String()
	},
}
