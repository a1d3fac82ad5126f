package cli

import (
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// specFlags are the flags of every command that reads specs.
type specFlags struct {
	environment string
	vars        []string
	varFiles    []string
	apiVersion  string
	sandbox     bool
}

func (s *specFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.environment, "environment", "", "lay the environment `NAME` of each spec over it")
	f.StringArrayVar(&s.vars, "var", nil, "`NAME=VALUE` for ${NAME}; goes before --var-file and the environment")
	f.StringArrayVar(&s.varFiles, "var-file", nil, "`FILE` of NAME=VALUE lines, or of YAML")
	f.StringVar(&s.apiVersion, "api-version", "", "Metadata API `VERSION` to write for (default: what a spec says, else "+metadata.DefaultVersion.String()+")")
}

// said tells whether any of the flags was given.
func (s *specFlags) said() bool {
	return s.environment != "" || len(s.vars)+len(s.varFiles) > 0 || s.apiVersion != ""
}

// specOptions turns flags into what package spec takes.
func (p *program) specOptions(s *specFlags) (spec.Options, error) {
	o := spec.Options{Environment: s.environment, Now: p.host.Now(), Sandbox: s.sandbox}
	if s.apiVersion != "" {
		v, err := metadata.ParseVersion(s.apiVersion)
		newest := metadata.Schema().Newest()
		if err != nil || v < metadata.OldestVersion || v > newest {
			return o, usagef("", "--api-version %s: ecactl writes for %s to %s", s.apiVersion, metadata.OldestVersion, newest)
		}
		o.APIVersion = v
	}
	vars := map[string]string{}
	for _, file := range s.varFiles {
		parsed, err := spec.ReadVariables(file)
		if err != nil {
			return o, err
		}
		maps.Copy(vars, parsed)
	}
	for _, v := range s.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return o, usagef("", "--var %s: write NAME=VALUE", v)
		}
		vars[name] = value
	}
	o.Lookup = func(name string) (string, bool) {
		if v, ok := vars[name]; ok {
			return v, true
		}
		return p.host.LookupEnv(name)
	}
	return o, nil
}

// loadSpecs reads specs and remarks on what was passed over.
func (p *program) loadSpecs(paths []string, o spec.Options) (*spec.Set, error) {
	set, err := spec.Load(paths, p.in, o)
	if err != nil {
		return nil, err
	}
	if n := len(set.Skipped); n > 0 && p.verbose {
		p.say("passed over %d YAML file(s) that are no specs: %s", n, strings.Join(set.Skipped, ", "))
	}
	return set, nil
}
