package spec

import (
	"slices"

	"github.com/ecactl/ecactl/metadata/diag"
)

// head is how every example begins that is a whole document.
const exampleHead = "apiVersion: ecactl/v1\nkind: ExternalClientApp\n"

// shapeCodes document the problems of reading a spec. Bad and Good are whole
// files.
var shapeCodes = []diag.Entry{
	{Code: "ECA001", Title: "a file that is not text, or too large", Why: "A spec is UTF-8 text of at most 1 MB.", Fix: "save it as UTF-8; split it", Bad: "\xff\xfea\x00", Good: "\xEF\xBB\xBF" + exampleHead + "name: A\n"},
	{Code: "ECA002", Title: "a file without a document", Why: "There is nothing to do.", Fix: "ecactl init writes a spec to begin with", Bad: "# nothing\n", Good: "---\n" + exampleHead + "name: A\n"},
	{Code: "ECA003", Title: "not YAML", Why: "The parser's words say what it met; the place is where it noticed, often a line after the mistake.", Fix: "mend the indentation, brackets or quotes there", Bad: exampleHead + "name: [A\n", Good: exampleHead + "name: \"[A\"\n---\n" + exampleHead + "name: A\n"},
	{Code: "ECA004", Title: "another structure than keys and values", Why: "A document is a mapping, its keys are plain words, and nothing nests deeper than 32.", Fix: "write  key: value", Bad: "- a\n- b\n", Good: exampleHead + "name: A\n"},
	{Code: "ECA005", Title: "an anchor, alias, merge key or tag", Why: "They make a file say more than it shows, and some have made parsers fall over; the format does not need them.", Fix: "write the value out, or use ${NAME}", Bad: exampleHead + "name: &n A\n", Good: exampleHead + "name: A\ndescription: \"&n *n !x\"\n"},
	{Code: "ECA006", Title: "a key twice", Why: "YAML would keep one of the two, and nobody could tell which.", Fix: "delete one of the two", Bad: exampleHead + "name: A\nname: A\n", Good: exampleHead + "name: A\ndescription: name\n"},
	{Code: "ECA007", Title: "a value of the wrong type", Why: "A text stands where true or false is due, a mapping where a list is, and so on. yes and on are texts.", Fix: "write the type that the key takes: ecactl explain KEY", Bad: exampleHead + "name: A\noauth: {security: {requirePkce: yes}}\n", Good: exampleHead + "name: A\ndescription: yes\n"},
	{Code: "ECA008", Title: "not a duration", Why: "A number alone could be minutes, days or months.", Fix: "write the unit: 120m, 2h, 90d, 6mo", Bad: exampleHead + "name: A\npolicies: {session: {timeout: 120}}\n", Good: exampleHead + "name: A\npolicies: {session: {timeout: 2 hours}}\n"},
	{Code: "ECA009", Title: "not one of the values that a key takes", Why: "The hint lists them. Setup's words and metadata's are both accepted, in any case.", Fix: "use one of them", Bad: exampleHead + "name: A\npolicies: {permittedUsers: admin}\n", Good: exampleHead + "name: A\npolicies: {permittedUsers: AllSelfAuthorized}\n"},
	{Code: "ECA010", Title: "a variable without a value", Why: "${NAME} stands for --var NAME=…, a --var-file or the environment, in this order. $${NAME} is the text itself.", Fix: "give it a value", Bad: exampleHead + "name: A\ndescription: ${ECACTL_NOT_SET}\n", Good: exampleHead + "name: A\ndescription: $${ECACTL_NOT_SET}\n"},
	{Code: "ECA011", Title: "a comma in an entry of a comma-separated field", Why: "Metadata holds the list as one text with commas, so an entry with a comma would read as two.", Fix: "rename it in Setup, or write two entries", Bad: exampleHead + "name: A\npolicies: {profiles: [\"Sales, EMEA\"]}\n", Good: exampleHead + "name: A\npolicies: {profiles: [Sales, EMEA]}\n"},
	{Code: "ECA012", Title: "a file that a spec names cannot be read", Why: "The path is relative to the spec's own folder.", Fix: "mend the path", Bad: exampleHead + "name: A\noauth: {flows: {jwtBearer: {certificateFile: no/such.crt}}}\n"},
	{Code: "ECA013", Title: "something that must be said is not", Why: "An app has a name, a range two ends, a notification a type.", Fix: "say it", Bad: exampleHead, Good: exampleHead + "name: A\n"},
	{Code: "ECA014", Title: "a secret in a spec", Why: "Specs are committed, reviewed and mailed. Consumer secrets, push keys and passwords have no place in one.", Fix: "keep it in the org or in a secret store", Bad: exampleHead + "name: A\noauth: {consumerSecret: x}\n", Good: exampleHead + "name: A\ndescription: consumerSecret\n"},
	{Code: "ECA015", Title: "an unknown key", Why: "A key that nobody reads is a mistake that nobody sees.", Fix: "ecactl explain lists the keys", Bad: exampleHead + "name: A\noauth: {calbackUrls: [https://example.com]}\n", Good: exampleHead + "name: A\noauth: {callbackUrls: [https://example.com]}\n"},
	{Code: "ECA016", Title: "not a spec that this ecactl reads", Why: "A document begins with its format and its kind.", Fix: "begin it with  apiVersion: ecactl/v1  and  kind: ExternalClientApp", Bad: "apiVersion: ecactl/v9\nkind: ExternalClientApp\nname: A\n", Good: "apiVersion: ecactl/v1\nkind: ExternalClientAppSettings\n"},
	{Code: "ECA017", Title: "an environment that a document does not have", Why: "A document with environments must have the one that --environment names; one without any is the same everywhere.", Fix: "add it under environments, or mend its name"},
	{Code: "ECA018", Title: "no specs", Why: "No file was named, the folder has none, or it cannot be read.", Fix: "name a spec, or a folder with specs"},
	{Code: "ECA019", Title: "one field said twice", Why: "Two keys become the same metadata field.", Fix: "delete one of the two", Bad: exampleHead + "name: A\noauth: {flows: {clientCredentials: {enabled: true, settingsEnabled: true}}}\n", Good: exampleHead + "name: A\noauth: {flows: {clientCredentials: {settingsEnabled: true, policyEnabled: false}}}\n"},
	{Code: "ECA020", Level: diag.Warning, Title: "a secret that metadata demands and a spec does not hold", Why: "An Android push configuration is not well-formed without its service account. generate writes a placeholder.", Fix: "let sf replace the placeholder at deploy (replacements in sfdx-project.json), or use push.configLink", Bad: exampleHead + "name: A\npush: {service: Android, android: {fcmProject: p}}\n", Good: exampleHead + "name: A\npush: {service: Apple, apple: {environment: Sandbox}}\n"},
}

// importCodes document what import says.
var importCodes = []diag.Entry{
	{Code: "ECA311", Level: diag.Warning, Title: "a type that is not imported", Why: "The Sample and Attest types are internal or withdrawn.", Fix: "delete the file"},
	{Code: "ECA312", Level: diag.Warning, Title: "a spec that cannot be written", Why: "A value holds what YAML cannot carry.", Fix: "mend the metadata file"},
	{Code: "ECA313", Level: diag.Warning, Title: "a secret that is not imported", Why: "Secrets have no place in a spec. The file that held it has it still, and so has its history.", Fix: "rotate it, and take it out of the file"},
	{Code: "ECA314", Level: diag.Warning, Title: "an element that cannot be kept as it stands", Why: "Attributes, and blocks whose elements alternate, have no form in a spec. No org writes such files.", Fix: "keep the metadata file"},
}

// Codes returns the documentation of every code of this package, by code.
func Codes() []diag.Entry {
	entries := slices.Concat(shapeCodes, importCodes)
	for _, r := range Rules {
		entries = append(entries, r.Entry)
	}
	slices.SortFunc(entries, func(a, b diag.Entry) int {
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
	return entries
}
