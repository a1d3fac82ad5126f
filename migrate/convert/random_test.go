package convert_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A maker makes Connected Apps of the type table: every element that there is
// comes up, with values of its type.
type maker struct {
	*rand.Rand
	sane bool // only what an org would hold
	keys int  // of attributes, which an app has once each
}

func newMaker(seed uint64) *maker { return &maker{Rand: rand.New(rand.NewPCG(seed, 5))} }

// app makes an app: of OAuth, SAML, canvas and links, in any combination.
func (m *maker) app(name string) *metadata.Component {
	c := metadata.NewComponent(metadata.TypeConnectedApp, name)
	c.File = name + ".connectedApp"
	t := metadata.Schema()
	skip := map[string]bool{}
	for block, share := range map[string]int{"oauthConfig": 75, "oauthPolicy": 70, "samlConfig": 20, "canvasConfig": 15, "canvas": 5, "mobileAppConfig": 10, "sessionPolicy": 40, "plugin": 20} {
		skip[block] = m.IntN(100) >= share
	}
	m.fill(c.Root, t.Type(c.Type), "", skip)
	t.Sort(c.Root, t.Type(c.Type))
	return c
}

func (m *maker) fill(e *metadata.Element, typ *metadata.Type, path string, skip map[string]bool) {
	t := metadata.Schema()
	for _, f := range typ.Fields {
		p := path + f.Name
		nested := t.Nested(f)
		required := f.Required || path == "" && nested != nil && !f.Repeated
		if skip[p] || !required && m.IntN(2) == 0 {
			continue
		}
		count := 1
		if f.Repeated {
			count = 1 + m.IntN(4)
		}
		for range count {
			if m.sane && nested == nil && f.Repeated {
				m.once(e, f, p)
				continue
			}
			child := e.Add(&metadata.Element{Name: f.Name})
			switch {
			case nested != nil:
				m.fill(child, nested, p+".", skip)
			case !m.sane && m.IntN(50) == 0:
				child.Nil = true
			default:
				child.Text = m.value(p, f)
			}
		}
	}
	if !m.sane && m.IntN(40) == 0 {
		e.Add(&metadata.Element{Name: "invented" + string(rune('A'+m.IntN(26))), Text: "x"})
	}
}

// once adds a value that is not there yet, as an org has each once.
func (m *maker) once(e *metadata.Element, f *metadata.Field, path string) {
	value := m.value(path, f)
	for _, there := range e.Children {
		if there.Name == f.Name && there.Text == value {
			return
		}
	}
	e.Add(&metadata.Element{Name: f.Name, Text: value})
}

func (m *maker) pick(values ...string) string { return values[m.IntN(len(values))] }

// pools are values of texts, the last ones such as no org would hold.
var pools = map[string]struct{ good, odd []string }{
	"contactEmail":                          {[]string{"admin@example.com", "a+b@example.org"}, nil},
	"label":                                 {[]string{"Order Sync", "Ärger & \"Co\"", "${NAME} {{x}}", "# yes", "=1+1", "🔷 App"}, []string{strings.Repeat("long ", 30)}},
	"description":                           {[]string{"What it does:\nthis", "- a\n- b", "null", "\"quoted\" 'text'"}, nil},
	"startUrl":                              {[]string{"/apex/Start", "https://app.example.com/start?a=b&c=d", "tableau://open"}, []string{"apex/Start", "//app.example.com/x", "https://a b", "%zz"}},
	"attributes.key":                        {[]string{"country", "manager", "org", "a b"}, nil},
	"attributes.formula":                    {[]string{"$User.Country", "User.Email", "$Organization.Name", "$User.Manager.Name"}, []string{`"true"`, "IF($User.IsActive, 1, 2)", "x"}},
	"ipRanges.start":                        {[]string{"10.0.0.1", "10.0.0.0", "192.0.2.1"}, []string{"10.0.0.256", "2001:db8::1"}},
	"ipRanges.end":                          {[]string{"192.0.2.255", "203.0.113.7"}, []string{"1.2.3.4", "nowhere"}},
	"oauthConfig.callbackUrl":               {[]string{"https://app.example.com/cb", "https://a.example.com/1\nhttps://a.example.com/2", "http://localhost:1717/OauthRedirect", "com.example.app:/cb", "https://a.example.com/1\r\nhttp://localhost:*/x"}, []string{"http://app.example.com/cb", "https://*.example.com/cb", "https://app.example.com/cb#x", "https:example.com", "a b", "http://app.example.com\nhttps://ok.example.com"}},
	"oauthConfig.consumerKey":               {[]string{"3MVG9canaryKEY", "3MVG9canaryKEYtwo"}, nil},
	"oauthConfig.consumerSecret":            {[]string{"canarySECRET"}, nil},
	"oauthConfig.certificate":               {[]string{certificate, flat(certificate), pem(certificate)}, []string{"MIIF2TCC_YourCertificateHere", "-----BEGIN PRIVATE KEY-----canarySECRET"}},
	"samlConfig.certificate":                {[]string{certificate, flat(certificate)}, []string{"nothing"}},
	"samlConfig.encryptionCertificate":      {[]string{certificate, pem(certificate)}, []string{"nothing"}},
	"oauthConfig.oauthClientCredentialUser": {[]string{"integration@example.com", "run+as@example.com"}, nil},
	"oauthPolicy.ipRelaxation":              {[]string{"ENFORCE", "BYPASS", "BYPASS_2FACTOR", "ENFORCE_RELAXREFRESH"}, []string{"Enforce", "SOMETIMES"}},
	"oauthPolicy.refreshTokenPolicy":        {[]string{"infinite", "zero", "specific_lifetime:90:DAYS", "specific_lifetime:1:HOURS", "specific_inactivity:30:DAYS", "specific_inactivity:12:MONTHS"}, []string{"Infinite", "specific_lifetime:90", "specific_lifetime:5:WEEKS", "specific_lifetime:-1:DAYS", "specific_inactivity:99999999999:DAYS", "later"}},
	"permissionSetName":                     {[]string{"Order Sync Users", "Billing - Admin", "Reports (read)"}, []string{"Order_Sync_Users"}},
	"profileName":                           {[]string{"System Administrator", "Integration Minimum Access (DO NOT EDIT)", "Ünïcode"}, []string{"Sales, EMEA"}},
	"plugin":                                {[]string{"LoginHandler"}, nil},
	"pluginExecutionUser":                   {[]string{"admin@example.com"}, nil},
	"sessionPolicy.policyAction":            {[]string{"Block", "RaiseSessionLevel"}, []string{"StepUpMFA", "Shrug"}},
	"sessionPolicy.sessionLevel":            {[]string{"LOW", "STANDARD", "HIGH_ASSURANCE"}, []string{"standard", "MEDIUM"}},
	"samlConfig.samlSubjectCustomAttr":      {[]string{"EmployeeNumber"}, nil},
}

func (m *maker) value(path string, f *metadata.Field) string {
	t := metadata.Schema()
	pool, ok := pools[path]
	odd := !m.sane && m.IntN(12) == 0
	switch {
	case odd && m.IntN(6) == 0:
		return m.pick("", "  ", "\n")
	case odd && len(pool.odd) > 0:
		return m.pick(pool.odd...)
	case m.sane && path == "attributes.key":
		m.keys++
		return fmt.Sprintf("key%d", m.keys)
	case ok:
		return m.pick(pool.good...)
	case len(t.Enums[f.Type]) > 0:
		return m.pick(t.EnumNames(f.Type, t.Newest())...)
	case f.Type == "xsd:boolean" && odd:
		return m.pick("1", "0", "TRUE", "maybe")
	case f.Type == "xsd:boolean":
		return m.pick("true", "false")
	case f.Type == "xsd:int" && odd:
		return m.pick("-5", "many", "99999999999")
	case f.Type == "xsd:int":
		return fmt.Sprint(1 + m.IntN(700))
	}
	return m.pick("https://www.example.com/"+f.Name, "a text", "x & <y>")
}

// flat and pem are other spellings of a certificate.
func flat(text string) string { return strings.ReplaceAll(text, "\n", "") }

func pem(text string) string {
	return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n"
}

// maim changes an app as no org and no editor would: elements twice, gone, in
// other places, texts where elements are due and the other way round.
func (m *maker) maim(root *metadata.Element) {
	var all []*metadata.Element
	var walk func(e *metadata.Element)
	walk = func(e *metadata.Element) {
		for _, c := range e.Children {
			all = append(all, c)
			walk(c)
		}
	}
	walk(root)
	for range m.IntN(6) {
		if len(all) == 0 {
			return
		}
		e, other := all[m.IntN(len(all))], all[m.IntN(len(all))]
		switch m.IntN(6) {
		case 0:
			root.Add(e.Clone())
		case 1:
			e.Children, e.Text = nil, "x"
		case 2:
			e.Text = ""
			e.Add(&metadata.Element{Name: other.Name, Text: "true"})
		case 3:
			e.Children, e.Nil = nil, true
		case 4:
			e.Name = other.Name
		case 5:
			e.Text, e.Children = "", nil
		}
	}
}
