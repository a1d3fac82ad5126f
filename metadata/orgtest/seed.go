package orgtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest/soql"
	"github.com/ecactl/ecactl/metadata/spec"
)

// seedData is a data.yaml or data.json beside metadata.
type seedData struct {
	Name    string                      `json:"name"`
	Users   []User                      `json:"users"`
	Vendors []vendorApp                 `json:"vendorApps"`
	Dates   map[string]dates            `json:"dates"`   // by type/name
	Records map[string][]map[string]any `json:"records"` // by object
}

// dates are when a component was made and changed; else that is now.
type dates struct {
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
}

// A vendorApp is a Connected App that an org has installed and whose metadata it
// does not hand out: of a package, if it has a namespace, else of another org.
type vendorApp struct {
	Name      string `json:"name"`
	Label     string `json:"label"`
	Namespace string `json:"namespace"`
}

// seed reads a folder of metadata and its data.
func (o *Org) seed(dir string) error {
	read, err := o.table.Read(dir)
	if err != nil {
		return fmt.Errorf("seeding the org: %w", err)
	}
	if err := read.Problems.Err(); err != nil {
		return fmt.Errorf("seeding the org: %w", err)
	}
	for _, c := range read.Components {
		o.put(c)
	}
	data, file, err := seedFile(dir)
	if err != nil || data == nil {
		return err
	}
	var d seedData
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d); err != nil {
		return fmt.Errorf("seeding the org: %s: %w", file, err)
	}
	if d.Name != "" {
		o.state.Name = d.Name
	}
	o.addUsers(d.Users)
	for _, v := range d.Vendors {
		o.putVendor(v)
	}
	for name, when := range d.Dates {
		if err := o.date(name, when.Created, when.Modified); err != nil {
			return fmt.Errorf("seeding the org: %s: %w", file, err)
		}
	}
	for _, object := range slices.Sorted(maps.Keys(d.Records)) {
		for i, row := range d.Records[object] {
			if err := o.complement(object, row); err != nil {
				return fmt.Errorf("seeding the org: %s: %s, record %d: %w", file, object, i+1, err)
			}
			o.state.Records[object] = append(o.state.Records[object], row)
		}
	}
	return nil
}

func (o *Org) date(name string, created, modified time.Time) error {
	s := o.state.Components[name]
	if s == nil {
		return fmt.Errorf("dates: there is no %s", name)
	}
	if !created.IsZero() {
		s.Created, s.Modified = created.UTC(), created.UTC()
	}
	if !modified.IsZero() {
		s.Modified = modified.UTC()
	}
	return nil
}

// putVendor stores an app of which only its name and label are known.
func (o *Org) putVendor(v vendorApp) {
	c := metadata.NewComponent(metadata.TypeConnectedApp, v.Name)
	if v.Namespace != "" {
		c.Name = v.Namespace + "__" + v.Name
	}
	c.Root.Add(&metadata.Element{Name: "label", Text: cmp.Or(v.Label, v.Name)})
	o.put(c)
	o.state.Components[key(c.Type, c.Name)].Vendor = true
}

// complement gives a seeded record its id, unless it is a token, which have none,
// and puts ids in the place of what it names: "@ConnectedApp:Order_Sync" is the id
// of that app, "@User:a@example.com" that of a user, and "@AppMenuItem:X" that of
// an earlier record whose Name, DeveloperName, Username or Label is X. "@now-3d" is
// the time three days ago.
func (o *Org) complement(object string, row map[string]any) error {
	known := soql.Find(object)
	if known == nil {
		return fmt.Errorf("there is no object %s", object)
	}
	for field, v := range row {
		text, _ := v.(string)
		if moment, ok := o.relative(text); ok {
			row[field] = moment
			continue
		}
		of, name, ok := strings.Cut(strings.TrimPrefix(text, "@"), ":")
		if !strings.HasPrefix(text, "@") || !ok {
			continue
		}
		id := o.idOf(of, name)
		if id == "" {
			return fmt.Errorf("%s: there is no %s %s", field, of, name)
		}
		row[field] = id
	}
	if row["Id"] == nil && object != "OauthToken" {
		o.state.Serial++
		row["Id"] = longID(fmt.Sprintf("%s5g%010d", known.KeyPrefix, o.state.Serial))
	}
	return nil
}

// relative is the time that a seed says as "@now", "@now-36h" or "@now-3d", so
// that what was recent when a seed was written still is. It is written as records
// have it.
func (o *Org) relative(text string) (string, bool) {
	ago, ok := strings.CutPrefix(text, "@now")
	if !ok {
		return "", false
	}
	var back time.Duration
	if ago != "" {
		n, err := strconv.Atoi(strings.TrimRight(strings.TrimPrefix(ago, "-"), "hd"))
		unit := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour}[ago[len(ago)-1]]
		if err != nil || unit == 0 || ago[0] != '-' {
			return "", false
		}
		back = time.Duration(n) * unit
	}
	return o.cfg.Now().UTC().Truncate(time.Second).Add(-back).Format("2006-01-02T15:04:05.000-0700"), true
}

// idOf is the id of what a seed names, or "".
func (o *Org) idOf(of, name string) string {
	if s := o.state.Components[key(of, name)]; s != nil {
		return s.ID
	}
	if u := o.userByName(name); of == "User" && u != nil {
		return u.ID
	}
	for _, row := range o.state.Records[of] {
		for _, field := range []string{"Name", "DeveloperName", "Username", "Label"} {
			if row[field] == name {
				id, _ := row["Id"].(string)
				return id
			}
		}
	}
	return ""
}

// seedFile reads a folder's data.yaml or data.json, as JSON; nil if it has none.
func seedFile(dir string) (data []byte, file string, err error) {
	for _, name := range []string{"data.yaml", "data.json"} {
		file = filepath.Join(dir, name)
		data, err = os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && name == "data.yaml" {
			data, err = spec.JSONFromYAML(data)
		}
		if err != nil {
			return nil, file, fmt.Errorf("seeding the org: %s: %w", file, err)
		}
		return data, file, nil
	}
	return nil, "", nil
}
