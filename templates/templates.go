// Package templates holds the files that the program writes for people: starter
// specs, a sample project, the HTML report, and the JSON Schemas of what it prints.
//
// It is a package because //go:embed cannot reach a parent directory.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed specs/*.yaml
var specs embed.FS

//go:embed all:sample
var sample embed.FS

//go:embed schemas/*.json
var schemas embed.FS

//go:embed report
var report embed.FS

// A Template is a starter spec.
type Template struct {
	Name string
	For  string // what it is for, a phrase
}

// Specs lists the starter specs, the default first.
func Specs() []Template {
	return []Template{
		{"nango-sandbox", "Nango in a sandbox, as its documentation has it"},
		{"web-server", "a web application with a server"},
		{"spa-pkce", "a browser application without one"},
		{"jwt-bearer", "a server that logs in with a certificate, such as CI"},
		{"client-credentials", "a server that logs in with its secret"},
		{"device", "a device or command line without a browser"},
		{"mobile", "a mobile application"},
		{"saml", "single sign-on into another service"},
		{"canvas", "a web application inside Salesforce pages"},
		{"packaged", "an app for a second-generation package"},
	}
}

// Spec returns a starter spec for an app of that API name. The file is the name
// under which it will be saved, for the commands in its comments.
func Spec(template, name, file string) ([]byte, error) {
	src, err := specs.ReadFile("specs/" + template + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no template %q", template)
	}
	slug := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	text := strings.NewReplacer("{{name}}", name, "{{label}}", strings.ReplaceAll(name, "_", " "), "{{slug}}", slug, "{{file}}", file).Replace(string(src))
	return []byte(text), nil
}

// Sample returns a small SFDX project of invented apps, one of every verdict.
func Sample() fs.FS {
	project, err := fs.Sub(sample, "sample")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return project
}

// Report returns the parts of the HTML report: page.html and what it is made of,
// style.css and script.js.
func Report() fs.FS {
	parts, err := fs.Sub(report, "report")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return parts
}

// Schema returns the JSON Schema of a document that the program prints.
func Schema(name string) ([]byte, error) {
	data, err := schemas.ReadFile("schemas/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no schema %q", name)
	}
	return data, nil
}

// Schemas lists the names that Schema takes.
func Schemas() []string {
	entries, err := schemas.ReadDir("schemas")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}
