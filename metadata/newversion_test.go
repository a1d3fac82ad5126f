package metadata_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// A new API version is a change of the table alone. This file invents version
// 69.0, with a type, a nested type, an enumeration and a field of a type that is
// already there, and puts it through everything that knows types.

const parcel = "ExtlClntAppParcelSettings"

// parcelFile is in the order of the invented table, which is not that of ASCII,
// so that it shows who sets the order.
var parcelFile = doc(parcel,
	"<speed>Fast</speed>",
	"<externalClientApplication>Order_Sync</externalClientApplication>",
	"<routes>",
	"    <city>Ghent</city>",
	"    <stops>3</stops>",
	"</routes>",
	"<routes>",
	"    <city>Bruges</city>",
	"</routes>",
	"<depotUrl>https://depot.example.com/cb</depotUrl>")

func table69(t testing.TB) *metadata.Table {
	t.Helper()
	var schema struct {
		Types map[string]map[string]any `json:"types"`
		Enums map[string][]any          `json:"enums"`
		Words map[string][]string       `json:"freeTextEnums"`
	}
	if err := json.Unmarshal(metadata.SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	schema.Types[parcel] = object{
		"directory": "extlClntAppParcels", "suffix": "ecaParcel", "since": 69,
		"fields": []object{
			{"name": "speed", "type": "ParcelSpeed", "required": true, "since": 69},
			{"name": "externalClientApplication", "type": "xsd:string", "required": true, "since": 69},
			{"name": "routes", "type": "ExtlClntAppParcelRoute", "repeated": true, "since": 69},
			{"name": "depotUrl", "type": "xsd:string", "since": 69},
		},
	}
	schema.Types["ExtlClntAppParcelRoute"] = object{
		"since": 69,
		"fields": []object{
			{"name": "city", "type": "xsd:string", "required": true, "since": 69},
			{"name": "stops", "type": "xsd:int", "since": 69},
		},
	}
	schema.Enums["ParcelSpeed"] = []any{object{"value": "Slow", "since": 69}, object{"value": "Fast", "since": 69}}
	app := schema.Types["ExternalClientApplication"]
	app["fields"] = slices.Insert(app["fields"].([]any), 0, any(object{"name": "isParcelAware", "type": "xsd:boolean", "since": 69}))

	data, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	table, err := metadata.ParseTable(data)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestNewVersion(t *testing.T) {
	table := table69(t)
	if got := table.Newest(); got != 69 {
		t.Errorf("the newest version is %s, want 69.0", got)
	}
	if !slices.Contains(table.AppTypes(), table.Type(parcel)) {
		t.Errorf("%s is not a type of an app", parcel)
	}
	if slices.Contains(table.Components(), table.Type("ExtlClntAppParcelRoute")) {
		t.Error("the nested type is a component")
	}
}

func TestNewVersionCheck(t *testing.T) {
	shuffled := doc(parcel,
		"<depotUrl>https://depot.example.com/cb</depotUrl>",
		"<externalClientApplication>Order_Sync</externalClientApplication>",
		"<routes>",
		"    <stops>many</stops>",
		"</routes>",
		"<speed>Fats</speed>")
	tests := map[string]struct {
		in      string
		version metadata.Version
		want    []string
	}{
		"any version": {in: parcelFile},
		"69.0":        {in: parcelFile, version: 69},
		"68.0": {parcelFile, 68, []string{
			"error: app.xml:2:1: ExtlClntAppParcelSettings exists since API 69.0, and the target is 68.0 (ECA213) | pass --api-version 69.0",
		}},
		"mistakes": {shuffled, 69, []string{
			"error: app.xml:5:5: ExtlClntAppParcelRoute has no <city>, which is required (ECA214)",
			`error: app.xml:6:9: ExtlClntAppParcelRoute.stops is "many", and takes a whole number (ECA216)`,
			`warning: app.xml:8:5: ExtlClntAppParcelSettings.speed has the value "Fats", which ecactl does not know; it is kept (ECA212) | did you mean "Fast"?`,
		}},
		"a new field at 68.0": {doc("ExternalClientApplication", "<isParcelAware>true</isParcelAware>"), 68, []string{
			"error: app.xml:3:5: ExternalClientApplication.isParcelAware exists since API 69.0, and the target is 68.0 (ECA213) | pass --api-version 69.0",
		}},
		"a new field at 69.0": {in: doc("ExternalClientApplication", "<isParcelAware>true</isParcelAware>"), version: 69},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := decode(t, tt.in)
			if tt.version == 0 {
				same(t, "problems", lines(table69(t).Check(c, 0)), tt.want)
				return
			}
			same(t, "problems", lines(table69(t).Conform(c, tt.version).Sort()), tt.want)
		})
	}
}

// The table sets the order, of children and of their children.
func TestNewVersionEncode(t *testing.T) {
	table := table69(t)
	c := decode(t, parcelFile)
	slices.Reverse(c.Root.Children)
	for _, e := range c.Root.Children {
		slices.Reverse(e.Children)
	}
	want := doc(parcel,
		"<speed>Fast</speed>",
		"<externalClientApplication>Order_Sync</externalClientApplication>",
		"<routes>", // elements of one name keep the order that they had, which is reversed
		"    <city>Bruges</city>",
		"</routes>",
		"<routes>",
		"    <city>Ghent</city>",
		"    <stops>3</stops>",
		"</routes>",
		"<depotUrl>https://depot.example.com/cb</depotUrl>")
	if got := encode(t, table, c); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	app := decode(t, doc("ExternalClientApplication", "<label>Order Sync</label>", "<isParcelAware>true</isParcelAware>"))
	if got, want := encode(t, table, app), doc("ExternalClientApplication", "<isParcelAware>true</isParcelAware>", "<label>Order Sync</label>"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNewVersionFiles(t *testing.T) {
	table := table69(t)
	c := metadata.NewComponent(parcel, "Order_Sync_parcel")
	for layout, want := range map[metadata.Layout]string{
		metadata.Source: "extlClntAppParcels/Order_Sync_parcel.ecaParcel-meta.xml",
		metadata.MDAPI:  "extlClntAppParcels/Order_Sync_parcel.ecaParcel",
	} {
		if got, err := table.Path(c, layout); got != want || err != nil {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	dir := tree(t, map[string]string{
		"anywhere/Order_Sync_parcel.ecaParcel-meta.xml": parcelFile,
		"externalClientApps/Order_Sync.eca-meta.xml":    header,
	})
	collection, err := table.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "problems", lines(collection.Problems), nil)
	same(t, "components", names(collection.Components), []string{"ExternalClientApplication Order_Sync", parcel + " Order_Sync_parcel"})

	apps, problems := table.Assemble(collection.Components)
	same(t, "problems", lines(problems), nil)
	if len(apps) != 1 || apps[0].Part(parcel) == nil || apps[0].Header == nil {
		t.Errorf("got %+v, want one app with a header and a parcel", apps)
	}
	var m metadata.Manifest
	m.Add(table, collection.Components[1])
	same(t, "manifest", m.Members(parcel), []string{"Order_Sync_parcel"})
}

// The built-in table does not know the type, and says so.
func TestNewVersionWithoutTable(t *testing.T) {
	c := decode(t, parcelFile)
	want := []string{"warning: app.xml:2:1: ExtlClntAppParcelSettings is not a metadata type that ecactl knows (ECA211)"}
	same(t, "check", lines(metadata.Schema().Check(c, 0)), want)
	same(t, "conform", lines(metadata.Schema().Conform(c, 68)), want)
	if _, err := metadata.Schema().Path(c, metadata.Source); err == nil || err.Error() != parcel+" has no files of its own" {
		t.Errorf("got %v", err)
	}
}
