package handover_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/handover"
)

func TestFormat(t *testing.T) {
	v := handover.Values{App: "Order_Sync", ClientID: "3MVG9.abc_d", Secret: secret.New("S3CRET"), InstanceURL: "https://acme.my.salesforce.com"}
	odd := v
	odd.Secret, odd.Prefix = secret.New(`it's "$HOME" #1`), "CRM"
	tests := map[string]struct {
		format string
		v      handover.Values
		want   string
	}{
		"dotenv":              {"dotenv", v, "SALESFORCE_CLIENT_ID=3MVG9.abc_d\nSALESFORCE_CLIENT_SECRET=S3CRET\nSALESFORCE_INSTANCE_URL=https://acme.my.salesforce.com\n"},
		"github":              {"github", v, "SALESFORCE_CLIENT_ID=3MVG9.abc_d\nSALESFORCE_CLIENT_SECRET=S3CRET\nSALESFORCE_INSTANCE_URL=https://acme.my.salesforce.com\n"},
		"kubernetes":          {"kubernetes", v, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: order-sync\ntype: Opaque\nstringData:\n  SALESFORCE_CLIENT_ID: \"3MVG9.abc_d\"\n  SALESFORCE_CLIENT_SECRET: \"S3CRET\"\n  SALESFORCE_INSTANCE_URL: \"https://acme.my.salesforce.com\"\n"},
		"odd characters":      {"dotenv", odd, "CRM_CLIENT_ID=3MVG9.abc_d\nCRM_CLIENT_SECRET='it'\\''s \"$HOME\" #1'\nCRM_INSTANCE_URL=https://acme.my.salesforce.com\n"},
		"odd ones, in a YAML": {"kubernetes", odd, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: order-sync\ntype: Opaque\nstringData:\n  CRM_CLIENT_ID: \"3MVG9.abc_d\"\n  CRM_CLIENT_SECRET: \"it's \\\"$HOME\\\" #1\"\n  CRM_INSTANCE_URL: \"https://acme.my.salesforce.com\"\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := handover.Format(tt.format, tt.v)
			if err != nil || string(got) != tt.want {
				t.Errorf("got\n%s\nwanted\n%s\n%v", got, tt.want, err)
			}
		})
	}
	v.Secret = secret.New("two\nlines")
	if _, err := handover.Format("dotenv", v); err == nil {
		t.Error("a line break is written, and makes two variables of one")
	}
	if _, err := handover.Format("toml", v); err == nil {
		t.Error("there is a format toml")
	}
}

// Nango has a provider for sandboxes, which a Developer Edition is not.
func TestNangoProvider(t *testing.T) {
	for kind, want := range map[org.Kind]string{
		org.Production: "salesforce", org.Developer: "salesforce", org.Sandbox: "salesforce-sandbox", org.Scratch: "salesforce-sandbox",
	} {
		f := handover.Facts{App: "Order_Sync", ClientID: "3MVG9x", InstanceURL: "https://acme.my.salesforce.com", Kind: kind, Callbacks: []string{"https://api.nango.dev/oauth/callback"}, Scopes: []string{"api", "refresh_token"}}
		text, remarks, err := handover.Snippet("nango", f)
		if err != nil || !strings.Contains(text, "Provider        "+want+"\n") || len(remarks) > 0 {
			t.Errorf("%s: %v, %v\n%s", kind, err, remarks, text)
		}
		f.Callbacks, f.Scopes = nil, []string{"api"}
		if _, remarks, _ = handover.Snippet("nango", f); len(remarks) != 2 {
			t.Errorf("remarks: %q", remarks)
		}
	}
}

// A snippet has everything filled in but secrets, which have placeholders.
func TestSnippets(t *testing.T) {
	components := []*metadata.Component{
		component("ExternalClientApplication", "Order_Sync"),
		component("ExtlClntAppGlobalOauthSettings", "g", "externalClientApplication", "Order_Sync", "callbackUrl", "https://a.example/cb\nhttps://b.example/cb", "isClientCredentialsFlowEnabled", "true", "consumerSecret", "NEVER"),
		component("ExtlClntAppOauthSettings", "o", "externalClientApplication", "Order_Sync", "commaSeparatedOauthScopes", "Api, RefreshToken, SFApiPlatform"),
		component("ExtlClntAppGlobalOauthSettings", "other", "externalClientApplication", "Other", "callbackUrl", "https://other.example/cb"),
	}
	f := handover.FactsOf(components, "Order_Sync")
	if strings.Join(f.Callbacks, " ") != "https://a.example/cb https://b.example/cb" || strings.Join(f.Scopes, " ") != "api refresh_token sfap_api" || strings.Join(f.Flows, " ") != "client" {
		t.Errorf("%+v", f)
	}
	f.ClientID, f.InstanceURL, f.Kind = "3MVG9x", "https://acme.my.salesforce.com", org.Production
	if len(handover.Clients()) != 4 {
		t.Errorf("clients: %v", handover.Clients())
	}
	for _, client := range handover.Clients() {
		text, _, err := handover.Snippet(client, f)
		if err != nil || !strings.Contains(text, "3MVG9x") || !strings.Contains(text, "https://acme.my.salesforce.com") {
			t.Errorf("%s: %v\n%s", client, err, text)
		}
		if strings.Contains(text, "{{") || strings.Contains(text, "NEVER") {
			t.Errorf("%s:\n%s", client, text)
		}
	}
	if _, _, err := handover.Snippet("no-such", f); err == nil {
		t.Error("there is a snippet for no-such")
	}
	f.Flows = nil
	if _, remarks, _ := handover.Snippet("named-credential", f); len(remarks) != 1 {
		t.Errorf("remarks: %q", remarks)
	}
}

// What the org says cannot get out of the quotes of a shell.
func TestSnippetQuotes(t *testing.T) {
	for _, client := range []string{"curl", "sf"} {
		text, _, err := handover.Snippet(client, handover.Facts{App: "A", ClientID: "k'; rm -rf /; '", InstanceURL: "https://acme.my.salesforce.com", Callbacks: []string{"https://a.example/'$(id)'"}})
		if err != nil || strings.Contains(text, "k'; rm") || strings.Contains(text, "/'$(id)'") {
			t.Errorf("%s: %v\n%s", client, err, text)
		}
	}
}

// The metadata in the snippet of a named credential is XML.
func TestNamedCredentialXML(t *testing.T) {
	text, _, err := handover.Snippet("named-credential", handover.Facts{App: "A", Label: "R & D <x>", ClientID: "k", InstanceURL: "https://acme.my.salesforce.com", Flows: []string{"client"}})
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(text, `<?xml version="1.0" encoding="UTF-8"?>`)[1:]
	if len(documents) != 2 {
		t.Fatalf("%d documents", len(documents))
	}
	for _, doc := range documents {
		end := max(strings.Index(doc, "</ExternalCredential>")+len("</ExternalCredential>"), strings.Index(doc, "</NamedCredential>")+len("</NamedCredential>"))
		d := xml.NewDecoder(strings.NewReader(doc[:end]))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v\n%s", err, doc)
			}
		}
	}
}

func component(typ, name string, fields ...string) *metadata.Component {
	c := metadata.NewComponent(typ, name)
	for i := 0; i+1 < len(fields); i += 2 {
		c.Root.Add(&metadata.Element{Name: fields[i], Text: fields[i+1]})
	}
	return c
}
