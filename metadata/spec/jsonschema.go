package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/ecactl/ecactl/metadata"
)

// object is a JSON object in the making; encoding/json sorts its keys.
type object map[string]any

// variable is what may stand in the place of any value.
var variable = object{"type": "string", "pattern": `\$\{[A-Za-z_][A-Za-z0-9_]*\}`}

// JSONSchema returns the JSON Schema (draft 2020-12) of the format, made from
// the table of keys. Editors use its descriptions.
func JSONSchema(t *metadata.Table) ([]byte, error) {
	app := schemaBlock(t, trees()[KindApp], false)
	org := schemaBlock(t, trees()[KindSettings], false)
	overlay := schemaBlock(t, trees()[KindApp], true)
	orgOverlay := schemaBlock(t, trees()[KindSettings], true)
	for _, block := range []object{app, org, overlay, orgOverlay} {
		props(block)["metadataApiVersion"] = metadataVersionSchema(t)
		props(block)["metadata"] = described(object{"type": "object"}, verbatimDoc)
	}
	for _, block := range []object{app, org} {
		props(block)["apiVersion"], props(block)["kind"] = object{"const": FormatVersion}, object{"type": "string"}
	}
	props(app)["name"] = described(object{"type": "string"}, "The API name: letters, digits and single underscores, 80 at most.")
	props(overlay)["name"] = props(app)["name"]
	for _, block := range []object{app, overlay} {
		props(block)["components"] = componentsSchema(t)
		props(block)["metadata"] = verbatimSchema(t)
	}
	app["required"] = []string{"apiVersion", "kind", "name"}
	org["required"] = []string{"apiVersion", "kind"}
	props(app)["environments"], props(org)["environments"] = environments("environment"), environments("settingsEnvironment")
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "https://github.com/ecactl/ecactl/schema/v1/spec.json",
		"title":   "ecactl spec",
		"type":    "object",
		"properties": object{
			"apiVersion": object{"const": FormatVersion, "description": "The version of this format."},
			"kind":       object{"enum": []string{KindApp, KindSettings}, "description": "What the document describes: an app, or the org's switches."},
		},
		"if":    object{"properties": object{"kind": object{"const": KindSettings}}},
		"then":  object{"$ref": "#/$defs/settings"},
		"else":  object{"$ref": "#/$defs/app"},
		"$defs": object{"app": app, "settings": org, "environment": overlay, "settingsEnvironment": orgOverlay},
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return out.Bytes(), nil
}

func props(block object) object { return block["properties"].(object) }

func described(schema object, text string) object {
	schema["description"] = text
	return schema
}

func environments(def string) object {
	return described(object{"type": "object", "additionalProperties": object{"$ref": "#/$defs/" + def}},
		"Differences by environment, laid over the rest by --environment NAME. A null takes a key away.")
}

const verbatimDoc = "Elements as they stand in metadata, by type: for what has no key of its own."

func metadataVersionSchema(t *metadata.Table) object {
	var versions []string
	for v := metadata.OldestVersion; v <= t.Newest(); v++ {
		versions = append(versions, v.String())
	}
	return described(object{"anyOf": []object{{"type": "string", "enum": versions}, {"type": "number"}}},
		"The Metadata API version to write for, where --api-version says nothing. Default "+metadata.DefaultVersion.String()+".")
}

// schemaBlock describes a block of keys. In an environment null takes a key
// away, so there it is a value of each.
func schemaBlock(t *metadata.Table, b *branch, nullable bool) object {
	properties := object{}
	for name, next := range b.children {
		var value object
		if next.key != nil {
			value = keySchema(t, next.key, nullable)
		} else {
			value = schemaBlock(t, next, nullable)
			value["type"] = []string{"object", "null"}
			value["description"] = blockDocs[next.path]
		}
		properties[name] = value
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func keySchema(t *metadata.Table, k *Key, nullable bool) object {
	options := []object{k.Value.schema(k, t), variable}
	if nullable {
		options = append(options, object{"type": "null"})
	}
	schema := described(object{"anyOf": options}, k.Doc)
	if k.Setup != "" {
		schema["title"] = k.Setup
	}
	if k.Default != "" {
		schema["description"] = k.Doc + " Default: " + k.Default + "."
	}
	return schema
}

// blockDocs say what the blocks are for.
var blockDocs = map[string]string{
	"contact":     "Whom an admin turns to.",
	"oauth":       "The app's OAuth side.",
	"oauth.flows": "Which OAuth flows the app may use. The web server flow and refresh are always there.",
	"oauth.flows.authorizationCodeCredentials": "Headless login: Authorization Code and Credentials Flow.",
	"oauth.flows.clientCredentials":            "A server that logs in as itself.",
	"oauth.flows.jwtBearer":                    "A server that signs its logins; the certificate switches the flow on.",
	"oauth.flows.device":                       "Login by a code on another device.",
	"oauth.flows.tokenExchange":                "Tokens of another identity provider in exchange for Salesforce's.",
	"oauth.flows.firstParty":                   "OAuth 2.0 for First-Party Applications.",
	"oauth.security":                           "What clients must prove, and how long tokens last.",
	"oauth.security.tlsClientAuth":             "The name in a client's TLS certificate.",
	"oauth.idToken":                            "OpenID Connect ID tokens.",
	"oauth.assetToken":                         "Asset tokens for connected devices.",
	"oauth.rotateOnDeploy":                     "One-time commands to the next deploy.",
	"policies":                                 "What the org's admin decides. Without this block no policy files are written, and the org makes its own.",
	"policies.plugins":                         "Which sides of the app are on.",
	"policies.session":                         "Sessions that the app opens.",
	"policies.namedUserJwt":                    "JWT access tokens of named users.",
	"policies.guestJwt":                        "JWT access tokens of guest users.",
	"policies.handler":                         "An Apex class that takes part in logins.",
	"policies.start":                           "What the App Launcher opens.",
	"saml":                                     "The app as a SAML service provider; the org is the identity provider.",
	"saml.subject":                             "What names the user in an assertion.",
	"saml.encryption":                          "Encrypted assertions.",
	"saml.singleLogout":                        "Logging out of both.",
	"canvas":                                   "The app inside Salesforce's pages; API 66.0 and newer.",
	"mobile":                                   "Screen lock of a mobile app.",
	"push":                                     "Push notifications, for one platform.",
	"push.android":                             "Firebase.",
	"push.apple":                               "Apple's push service.",
	"orgBound":                                 "What only an org writes; packaging needs it, any other org refuses it.",
}

func componentsSchema(t *metadata.Table) object {
	properties := object{}
	for _, typ := range appTypes(t) {
		properties[componentKey(typ.Name)] = object{
			"description": fmt.Sprintf("The %s: its name, false if it is kept elsewhere, or {name, label, apiVersion}. Default name: %s.", typ.Name, satelliteName(typ, "<app>")),
			"anyOf": []object{
				{"type": "string"},
				{"const": false},
				{
					"type": "object", "additionalProperties": false,
					"properties": object{
						"name":       object{"type": "string", "description": "The component's API name."},
						"label":      object{"type": "string", "description": "The component's label; empty writes none. Default: its name."},
						"apiVersion": described(object{"type": []string{"string", "number"}}, "The Metadata API version that this component is written for."),
					},
				},
			},
		}
	}
	return object{
		"type": "object", "properties": properties, "additionalProperties": false,
		"description": "Names of the app's components; Setup's names are the default.",
	}
}

func verbatimSchema(t *metadata.Table) object {
	properties := object{}
	for _, typ := range appTypes(t) {
		properties[typ.Name] = object{"type": "object", "description": "Elements of " + typ.Name + " as they stand in metadata."}
	}
	return object{
		"type": "object", "properties": properties, "additionalProperties": false,
		"description": verbatimDoc,
	}
}

// Blocks returns the paths of the blocks of keys, sorted.
func Blocks() []string { return slices.Sorted(maps.Keys(blockDocs)) }
