package templates

import "embed"

//go:embed runbook/*.html
var runbooks embed.FS

// Runbook returns the html/template of a page about a migration: "plan" or
// "status".
func Runbook(name string) string {
	data, err := runbooks.ReadFile("runbook/" + name + ".html")
	if err != nil {
		panic(err) // the names are those of the folder above
	}
	return string(data)
}
