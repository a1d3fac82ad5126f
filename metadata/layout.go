package metadata

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// A Layout is one of the two ways in which the same files are named.
type Layout string

// The layouts of the command line.
const (
	Source Layout = "source" // SFDX source format: <dir>/<name>.<suffix>-meta.xml
	MDAPI  Layout = "mdapi"  // Metadata API format: <dir>/<name>.<suffix>, package.xml at the root
)

// Layouts lists the layouts, the default first.
func Layouts() []Layout { return []Layout{Source, MDAPI} }

const metaSuffix = "-meta.xml"

// Path gives the slash-separated path of a component's file below the folder
// that a package directory's main/default, or the root of a zip, is.
func (t *Table) Path(c *Component, l Layout) (string, error) {
	typ := t.Type(c.Type)
	if typ == nil || !typ.isComponent() {
		return "", fmt.Errorf("%s has no files of its own", c.Type)
	}
	p := typ.SettingsFile
	if p == "" {
		p = typ.Directory + "/" + url.PathEscape(c.Name) + "." + typ.Suffix
	}
	if l == Source {
		p += metaSuffix
	}
	return p, nil
}

// recognise tells what a file is by its name: the type of its suffix and the
// full name of the component. Folders do not matter: real projects have the
// right files in the wrong ones.
func (t *Table) recognise(file string) (typ *Type, name string) {
	base := path.Base(file)
	base = strings.TrimSuffix(base, metaSuffix)
	dot := strings.LastIndexByte(base, '.')
	if dot <= 0 {
		return nil, ""
	}
	name, suffix := base[:dot], base[dot+1:]
	if suffix == "settings" {
		for _, typ := range t.components {
			if typ.SettingsName() == name && typ.IsSettings() {
				return typ, name
			}
		}
		return nil, ""
	}
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	return t.bySuffix[suffix], name
}

// hints are parts of the suffixes that people invent for these types, and that
// sf then refuses. A file with one is opened, and its root element decides.
var suffixHints = []string{"eca", "extlclnt", "externalclient", "connectedapp"}

// mayBe tells whether a file that recognise does not know is worth opening.
func mayBe(file string) bool {
	base, isXML := strings.CutSuffix(strings.ToLower(path.Base(file)), ".xml")
	dot := strings.IndexByte(base, '.')
	if !isXML || dot < 0 {
		return false
	}
	for _, h := range suffixHints {
		if strings.Contains(base[dot:], h) {
			return true
		}
	}
	return false
}

// invented gives the name of the component in a file with an unknown suffix.
func invented(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".")
	return base
}
