package metadata

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ecactl/ecactl/metadata/diag"
)

// ProjectFile is what makes a folder an SFDX project.
const ProjectFile = "sfdx-project.json"

// A Project is an SFDX project: the package directories that it declares.
type Project struct {
	Dir         string   // the folder of sfdx-project.json
	Directories []string // below Dir, as the file has them
	Default     string   // the default package directory
	Namespace   string   // of its packages; "" if it has none
}

// OpenProject reads the sfdx-project.json of a folder; it returns nil if the
// folder has none.
func OpenProject(dir string) (*Project, error) {
	file := filepath.Join(dir, ProjectFile)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	fail := func(message, hint string) (*Project, error) {
		return nil, &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA234", Message: message, Hint: hint, Err: err}
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > MaxFileSize) {
		return fail("is not a regular file of a usual size", "") // a link to a device would never end
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return fail("cannot be read: "+reason(err), "")
	}
	var content struct {
		Namespace          string `json:"namespace"`
		PackageDirectories []struct {
			Path    string `json:"path"`
			Default bool   `json:"default"`
		} `json:"packageDirectories"`
	}
	if err = json.Unmarshal(data, &content); err != nil {
		return fail("is not JSON: "+err.Error(), "")
	}
	p := &Project{Dir: dir, Namespace: content.Namespace}
	for _, pkg := range content.PackageDirectories {
		if !filepath.IsLocal(filepath.FromSlash(pkg.Path)) {
			return fail("the package directory "+pkg.Path+" is not inside the project", "")
		}
		p.Directories = append(p.Directories, pkg.Path)
		if pkg.Default || p.Default == "" {
			p.Default = pkg.Path
		}
	}
	if len(p.Directories) == 0 {
		return fail("names no package directory", `add "packageDirectories": [{"path": "force-app", "default": true}]`)
	}
	return p, nil
}

// FindProject looks for an SFDX project in dir and the folders above it.
func FindProject(dir string) (*Project, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		p, err := OpenProject(dir)
		if p != nil || err != nil {
			return p, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, nil
		}
		dir = parent
	}
}

// Target is the folder into which sf would write retrieved source.
func (p *Project) Target() string {
	return filepath.Join(p.Dir, filepath.FromSlash(p.Default), "main", "default")
}
