package orgtest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// state is all of an org that outlives it, as the state file has it.
type state struct {
	OrgID      string                      `json:"orgId"`
	Name       string                      `json:"name"`
	FirstToken string                      `json:"token"`
	Serial     int                         `json:"serial"` // of ids
	Users      []User                      `json:"users"`
	Components map[string]*stored          `json:"components"` // by type/name
	Consumers  map[string]*consumer        `json:"consumers"`  // by app
	Records    map[string][]map[string]any `json:"records"`    // by object
	Refresh    map[string]*refreshToken    `json:"refreshTokens"`
}

// stored is a component that the org has.
type stored struct {
	Type      string    `json:"type"`
	Name      string    `json:"name"`
	ID        string    `json:"id"`
	XML       string    `json:"xml"`
	Namespace string    `json:"namespace,omitempty"` // of a managed package
	Migrated  bool      `json:"migrated,omitempty"`  // a Connected App that is read-only since
	Vendor    bool      `json:"vendor,omitempty"`    // of another org: listed, and not handed out
	Created   time.Time `json:"created"`
	Modified  time.Time `json:"modified"`

	root *metadata.Element // of XML, once it was needed
}

// consumer holds the key and the secret of an app.
type consumer struct {
	ID     string       `json:"id"`
	AppID  string       `json:"appId"`
	Key    string       `json:"key"`
	Secret string       `json:"secret"`
	Staged []stagedPair `json:"staged"`
}

type stagedPair struct {
	ID      string    `json:"id"`
	Key     string    `json:"key"`
	Secret  string    `json:"secret"`
	State   string    `json:"state"` // staged or rotated
	Created time.Time `json:"created"`
}

func key(typ, name string) string { return typ + "/" + name }

// prefixes of ids, by what they are of.
var prefixes = map[string]string{
	metadata.TypeApp: "0xI", metadata.TypeConnectedApp: "0H4", "deploy": "0Af", "retrieve": "09S", "user": "005", "consumer": "888",
	"staged": "8SC", "query": "01g", "org": "00D",
}

// newID makes an id of 18 characters. Ids are not random, so that two runs of an
// org are the same.
func (o *Org) newID(of string) string {
	o.state.Serial++
	prefix, ok := prefixes[of]
	if !ok {
		prefix = "0xE"
	}
	const digits = "0000000000"
	number := strconv.Itoa(o.state.Serial)
	return longID(prefix + "5g" + digits[min(len(number), len(digits)):] + number)
}

// longID gives an id of 15 characters its check.
func longID(id string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var check [3]byte
	for block := range check {
		bits := 0
		for i := range 5 {
			if ch := id[block*5+i]; ch >= 'A' && ch <= 'Z' {
				bits |= 1 << i
			}
		}
		check[block] = alphabet[bits]
	}
	return id + string(check[:])
}

// load reads the state file, or makes an org of the seeds.
func (o *Org) load() error {
	if name := o.cfg.StateFile; name != "" {
		data, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("reading the org's state: %w", err)
		default:
			if err := json.Unmarshal(data, &o.state); err != nil {
				return fmt.Errorf("reading the org's state: %s: %w", name, err)
			}
			if err := o.state.check(); err != nil {
				return fmt.Errorf("reading the org's state: %s: %w", name, err)
			}
			o.saved = data
			return nil
		}
	}
	o.state = state{
		Name: "Emulated Org", Components: map[string]*stored{}, Consumers: map[string]*consumer{},
		Records: map[string][]map[string]any{}, Refresh: map[string]*refreshToken{},
	}
	o.state.Serial++ // the org's, whatever its number
	o.state.OrgID = longID(fmt.Sprintf("%s5g%010d", prefixes["org"], max(o.cfg.OrgNumber, 1)))
	o.state.FirstToken = o.token()
	o.addUsers(o.cfg.Users)
	for _, typ := range slices.Sorted(maps.Keys(orgSettings)) {
		fields := orgSettings[typ]
		c := metadata.NewComponent(typ, strings.TrimSuffix(typ, "Settings"))
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			c.Root.Add(&metadata.Element{Name: name, Text: fields[name]})
		}
		o.put(c)
	}
	for _, dir := range o.cfg.Seed {
		if err := o.seed(dir); err != nil {
			return err
		}
	}
	if len(o.state.Users) == 0 {
		o.addUsers([]User{
			{Username: "admin@emulated.example", Name: "Emulated Admin", Email: "admin@emulated.example"},
			{Username: "integration@emulated.example", Name: "Emulated Integration", Email: "integration@emulated.example"},
		})
	}
	o.settle()
	return nil
}

// check refuses a state that is none, or was damaged: what is in it is relied upon.
func (s *state) check() error {
	if len(s.Users) == 0 || len(s.OrgID) != 18 || s.FirstToken == "" {
		return errors.New("it is none: it has no org, no user or no token")
	}
	for _, u := range s.Users {
		if len(u.ID) != 18 || u.Username == "" {
			return fmt.Errorf("the user %q has no id of 18 characters", u.Username)
		}
	}
	for k, c := range s.Components {
		if c == nil || key(c.Type, c.Name) != k || len(c.ID) != 18 {
			return fmt.Errorf("the component %q is not whole", k)
		}
		if _, _, err := metadata.Decode(k, []byte(c.XML)); err != nil {
			return fmt.Errorf("the component %q cannot be read: %w", k, err)
		}
	}
	for k, c := range s.Consumers {
		if c == nil || len(c.ID) != 18 {
			return fmt.Errorf("the consumer of %q is not whole", k)
		}
	}
	for _, t := range s.Refresh {
		if t == nil {
			return errors.New("a refresh token is not whole")
		}
	}
	if s.Components == nil {
		s.Components = map[string]*stored{}
	}
	if s.Consumers == nil {
		s.Consumers = map[string]*consumer{}
	}
	if s.Records == nil {
		s.Records = map[string][]map[string]any{}
	}
	if s.Refresh == nil {
		s.Refresh = map[string]*refreshToken{}
	}
	return nil
}

// addUsers gives users their ids; the first of all is who Token is of.
func (o *Org) addUsers(users []User) {
	for _, u := range users {
		if u.ID == "" {
			u.ID = o.newID("user")
		}
		o.state.Users = append(o.state.Users, u)
	}
}

// orgSettings are the switches of a new org.
var orgSettings = map[string]map[string]string{
	typeSettings:           {"enableClientSecretInRestApiAccess": "false", "enableConsumerSecretApiAccess": "false", "enablePackageEcaOauthFromDevOrg": "false"},
	"ConnectedAppSettings": {"enableAdminApprovedAppsOnly": "false", "enableAdminApprovedAppsOnlyForExternalUser": "false", "enableSkipUserProvisioningWizardWelcomePage": "false"},
	"OauthOidcSettings":    {"blockOAuthUnPwFlow": "true", "blockOAuthUsrAgtFlow": "false", "isPkceRequired": "false", "oAuthCdCrdtFlowEnable": "false"},
}

// token makes an access token in the form of the real ones.
func (o *Org) token() string { return o.state.OrgID[:15] + "!AQ" + rand.Text() + "." + rand.Text() }

// save writes the state file, if there is one and anything has changed.
func (o *Org) save() error {
	if o.cfg.StateFile == "" {
		return nil
	}
	for _, s := range o.state.Components {
		if s.root == nil {
			continue
		}
		data, err := o.table.Encode(&metadata.Component{Type: s.Type, Name: s.Name, Root: s.root})
		if err != nil {
			return fmt.Errorf("saving the org's state: %w", err)
		}
		s.XML = string(data)
	}
	data, err := json.MarshalIndent(&o.state, "", " ")
	if err != nil {
		return fmt.Errorf("saving the org's state: %w", err)
	}
	if string(data) == string(o.saved) {
		return nil
	}
	o.saved = data
	if err := metadata.ReplacePrivateFile(o.cfg.StateFile, data); err != nil {
		return fmt.Errorf("saving the org's state: %w", err)
	}
	return nil
}

// put stores a copy of a component, in the place of the one that is there.
func (o *Org) put(c *metadata.Component) {
	o.keep(&stored{Type: c.Type, Name: c.Name, root: c.Root.Clone()})
}

// keep stores a component in the place of the one that is there. It gets what it
// has not: an id, its dates, and what only the org knows of the other.
func (o *Org) keep(c *stored) {
	if t := o.table.Type(c.Type); t != nil && t.IsSettings() {
		c.Name = t.SettingsName()
	}
	now := o.cfg.Now().UTC()
	c.Created, c.Modified, c.Namespace = now, now, metadata.NamespaceOf(c.Name)
	if c.Type != metadata.TypeConnectedApp && c.Type != metadata.TypeApp {
		c.Namespace = "" // satellites of packages are the subscriber's own
	}
	k := key(c.Type, c.Name)
	if there := o.state.Components[k]; there != nil {
		c.ID, c.Created, c.Namespace, c.Migrated = there.ID, there.Created, there.Namespace, there.Migrated
	} else if c.ID == "" {
		c.ID = o.newID(c.Type)
	}
	o.state.Components[k] = c
}

// content is the element of a stored component.
func (s *stored) content() *metadata.Element {
	if s.root == nil {
		c, _, err := metadata.Decode(s.Name, []byte(s.XML))
		if err != nil {
			return &metadata.Element{Name: s.Type}
		}
		s.root = c.Root
	}
	return s.root
}

// text is the value of a field, or "".
func (s *stored) text(field string) string {
	if e := s.content().Child(field); e != nil && !e.Nil {
		return strings.TrimSpace(e.Text)
	}
	return ""
}

// app is the app that a stored component belongs to, or "".
func (s *stored) app() string {
	if s.Type == metadata.TypeApp {
		return s.Name
	}
	return s.text(metadata.FieldApp)
}

// sorted lists what the org has of a type, by name.
func (o *Org) sorted(typ string) []*stored {
	var list []*stored
	for _, s := range o.state.Components {
		if s.Type == typ {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *stored) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// all lists what the org has, by type and name.
func (o *Org) all() []*stored {
	var list []*stored
	for _, k := range slices.Sorted(maps.Keys(o.state.Components)) {
		list = append(list, o.state.Components[k])
	}
	return list
}

// A part is what an app has one component of: one for each type.
type part struct{ app, typ string }

// partsByApp finds components by their app and type; of two, which only a seed
// has, the one that is last by its name. There is room for more.
func (o *Org) partsByApp(more int) map[part]*stored {
	parts := make(map[part]*stored, len(o.state.Components)+more)
	for _, s := range o.state.Components {
		app := s.app()
		if app == "" {
			continue
		}
		if other := parts[part{app, s.Type}]; other == nil || other.Name < s.Name {
			parts[part{app, s.Type}] = s
		}
	}
	return parts
}

func (o *Org) user(match func(*User) bool) *User {
	for i := range o.state.Users {
		if match(&o.state.Users[i]) {
			return &o.state.Users[i]
		}
	}
	return nil
}

func (o *Org) userByName(name string) *User {
	return o.user(func(u *User) bool { return strings.EqualFold(u.Username, name) })
}
