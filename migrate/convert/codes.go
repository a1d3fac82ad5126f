package convert

import (
	"slices"

	"github.com/ecactl/ecactl/metadata/diag"
)

// Codes returns the documentation of every code of this package.
func Codes() []diag.Entry { return slices.Clone(codes) }

var codes = []diag.Entry{
	{Code: "ECA700", Title: "a Connected App of another org", Why: "An app that came in a package, or that was defined elsewhere, is listed and not handed out; what it becomes is its owner's to decide.", Fix: "ask the vendor when an External Client App replaces it"},
	{Code: "ECA701", Title: "a Connected App whose name an External Client App cannot have", Why: "A component's name is that of its file, and an org would not have taken this one.", Fix: "rename the file"},
	{Code: "ECA702", Title: "a Connected App without a contact e-mail", Why: "Salesforce requires one of an External Client App.", Fix: "--contact-email ADDRESS names one for all that have none"},
	{Code: "ECA703", Title: "a permission set that cannot be told", Why: "A Connected App names permission sets by their labels, an External Client App by their API names. No permission set that was read has the label, or several have.", Fix: "read the folder permissionsets too, or the org, or say it: --permission-set \"Label=API_Name\""},
	{Code: "ECA704", Title: "a Connected App that nobody may use", Why: "Only users whom an admin approved may use it, and no permission set or profile is named. An External Client App made of it would refuse every login.", Fix: "--approve PERMISSION_SET, or assign one in Setup and retrieve the app again"},
	{Code: "ECA705", Title: "client credentials without a user to run as", Why: "An External Client App's policies name the user; a deploy without one stops.", Fix: "--run-as USERNAME, of an API-only user"},
	{Code: "ECA706", Title: "too many characters of callback URLs to convert", Why: "Setup takes 2,000 characters for all of them together, and which client uses which is not known.", Fix: "split the app, or shorten the URLs"},
	{Code: "ECA707", Title: "a link that leads nowhere", Why: "The app is nothing but a start page, and its address cannot be made absolute.", Fix: "--my-domain https://NAME.my.salesforce.com, or --target-org"},
	{Code: "ECA708", Title: "a Connected App that is not there", Why: "--app names one that was not read.", Fix: "mend its name; names are those of files, without the suffix"},
	{Code: "ECA709", Level: diag.Warning, Title: "a handler whose user metadata does not tell", Why: "Connected Apps say as whom a handler runs up to API 66.0, and no longer since.", Fix: "set policies.handler.runAs, or read the org with --api-version 66.0"},
	{Code: "ECA710", Level: diag.Warning, Title: "a start URL that is lost", Why: "A Connected App's start URL may be relative, and an External Client App's not.", Fix: "--my-domain https://NAME.my.salesforce.com, or --target-org"},
	{Code: "ECA711", Level: diag.Warning, Title: "an allowlist that metadata does not hold", Why: "A Connected App's metadata says that refresh tokens are bound to addresses, and not to which.", Fix: "copy the addresses from Setup to oauth.security.refreshTokenIpRanges"},
	{Code: "ECA712", Level: diag.Warning, Title: "a refresh token policy without a counterpart", Why: "It is of another form than Connected Apps have, or counts in another unit than hours, days and months.", Fix: "set policies.refreshToken"},
	{Code: "ECA713", Level: diag.Warning, Title: "a callback URL that stays behind", Why: "http beyond the machine itself, wildcards and fragments do not work, and lint refuses them.", Fix: "register an address that is https, whole and without a fragment"},
	{Code: "ECA714", Level: diag.Warning, Title: "a certificate that cannot be carried over", Why: "What stands there is no certificate; it may be a private key, which nobody is to publish.", Fix: "export the certificate anew and set the key in the spec"},
	{Code: "ECA715", Level: diag.Warning, Title: "a profile with a comma in its name", Why: "An External Client App has its profiles as one text with commas.", Fix: "rename it in Setup, or give its users a permission set"},
	{Code: "ECA716", Level: diag.Warning, Title: "a certificate for a flow that cannot work", Why: "The JWT bearer flow needs the refresh_token scope, or users whom an admin approved.", Fix: "add one of them, and then oauth.flows.jwtBearer"},
	{Code: "ECA717", Level: diag.Warning, Title: "an app that Setup's button does not take", Why: "It takes no app with canvas, a custom handler or Triple DES, so nobody knows what it would write.", Fix: "convert it without --like-setup"},
	{Code: "ECA718", Level: diag.Warning, Title: "a token exchange handler that has to be changed", Why: "A handler names the apps for which it is enabled, and no spec holds one.", Fix: "put the External Client App into its enablements and deploy it after the app"},
	{Code: "ECA719", Level: diag.Note, Title: "what the org does not say of its apps", Why: "Custom scopes and token exchange handlers name apps, and not every org or user may ask for them.", Fix: "look in Setup under OAuth Custom Scopes and Token Exchange Handlers"},
}
