package org

// deployAdvices are about what an org has against a component.
var deployAdvices = []Advice{
	{
		ID: "SF-GLOBAL-WITHOUT-OAUTH", Where: "deploy", Match: []string{"global oauth settings", "valid oauth settings configuration"},
		Says:  "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration.",
		Means: "Global OAuth settings were deployed without the app's OAuth settings, which have to be in the same deploy or in the org.",
		Do:    []string{"deploy the whole app: ecactl deploy SPEC", "name both files in package.xml: ExtlClntAppGlobalOauthSettings and ExtlClntAppOauthSettings"}, Source: sourceErrors,
	},
	{
		ID: "SF-SCOPES", Where: "deploy", Match: []string{"problem with your scope"},
		Says:  "There's a problem with your scope(s): X",
		Means: "The org knows no OAuth scope of that name, or not at this API version.",
		Do:    []string{"write the scope by its OAuth name in the spec; ecactl explain scopes lists them", "check the API version: newer scopes need a newer one"}, Source: sourceErrors,
	},
	{
		ID: "SF-RUN-AS", Where: "deploy", Match: []string{"valid execution user"},
		Says:  "Enter a valid execution user for the OAuth client credentials flow.",
		Means: "The run-as user does not exist in this org, is not active, or may not use the API.",
		Do:    []string{"name a username (not an e-mail address) of this org; usernames of sandboxes have a suffix", "activate the user, and give it API Enabled or API Only User", "keep the name per org under environments in the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-ENUM", Where: "deploy", Match: []string{"is not a valid value for the enum"},
		Says:  "'AdminApproved' is not a valid value for the enum 'PermittedUsersPolicyType'",
		Means: "The value does not exist, or not at this API version.",
		Do:    []string{"ecactl lint names the values that there are", "raise --api-version"}, Source: sourceErrors,
	},
	{
		ID: "SF-ELEMENT", Where: "deploy", Match: []string{"invalid at this location in type"},
		Says:  "Element {http://soap.sforce.com/2006/04/metadata}X invalid at this location in type Y",
		Means: "The type has no such field, or it is newer than the version of the package.",
		Do:    []string{"ecactl explain FIELD says since when there is one", "raise --api-version to it, or take the key out of the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-DUPLICATE-POLICY", Where: "deploy", Match: []string{"externalclientapplicationid duplicates value on"},
		Says:  "duplicate value found: ExternalClientApplicationId duplicates value on <App>_oauthPlcy",
		Means: "The app has a component of this type already, under another name; an org makes policies of its own.",
		Do:    []string{"deploy with ecactl, which takes over the name that the org has", "or write that name under components in the spec; ecactl plan shows it"}, Source: sourceErrors,
	},
	{
		ID: "SF-KEY-TAKEN", Where: "deploy", Match: []string{"consumer key is already taken"},
		Says:  "The consumer key is already taken.",
		Means: "A consumer key is unique in all of Salesforce, and another app has it.",
		Do:    []string{"leave the key out: the org makes one", "to keep the key of a Connected App, migrate it in Setup; a new app cannot have it"}, Source: sourceErrors,
	},
	{
		ID: "SF-KEY-GIVEN", Where: "deploy", Match: []string{"you cannot provide a consumer key"},
		Says:  "You cannot provide a Consumer Key",
		Means: "This org takes no key from a deploy.", Do: []string{"leave the key out: the org makes one"}, Source: sourceErrors,
	},
	{
		ID: "SF-LINK-UPDATE", Where: "deploy", Match: []string{"update your oauth link"},
		Says:  "... couldn't update your OAuth link ...",
		Means: "The file has another consumer key or link than the app has; a key of an app that exists cannot be changed.",
		Do:    []string{"leave consumerKey and oauthLink out of what is deployed; ecactl does"}, Source: sourceErrors,
	},
	{
		ID: "SF-LINK", Where: "deploy", Match: []string{"oauth link"},
		Says:  "an error about the OAuth link",
		Means: "The file has the oauthLink of another org, or one that is gone.",
		Do:    []string{"leave oauthLink out: the org makes it; ecactl does"}, Source: sourceErrors,
	},
	{
		ID: "SF-PLUGIN-SETTINGS", Where: "deploy", Match: []string{"invalid plugin settings"},
		Says:  "Invalid plugin settings",
		Means: "Policies have a timeout for JWT-based access tokens, and the app does not issue them.",
		Do:    []string{"set oauth.security.jwtAccessTokens: true, or delete policies.namedUserJwt and policies.guestJwt"}, Source: sourceErrors,
	},
	{
		ID: "SF-ROTATE", Where: "deploy", Match: []string{"rotate"},
		Says:  "a warning about shouldRotateConsumerKey or shouldRotateConsumerSecret",
		Means: "The deploy would replace the key or the secret; an org does that only if warnings are ignored.",
		Do:    []string{"pass --ignore-warnings once, then take the key out of the spec", "better: ecactl credentials, which keeps the old pair for 30 days"}, Source: sourceErrors,
	},
	{
		ID: "SF-HALF-CREATED", Where: "deploy", Match: []string{"oauthlink", "null"},
		Says:  `Cannot invoke "String.split(String)" because "oauthLink" is null`,
		Means: "The app was made by half: a part of it is in the org, and what it is linked to is not.",
		Do:    []string{"deploy the whole app at once: ecactl deploy SPEC", "if that fails too, delete the app and deploy it anew: ecactl deploy --delete NAME"}, Source: sourceErrors,
	},
	{
		ID: "SF-HALF-CREATED-TWICE", Where: "deploy", Match: []string{"ak3tl_setup_entity_data"},
		Says:  `duplicate key value violates unique constraint "ak3tl_setup_entity_data"`,
		Means: "Parts of the app are in the org from an attempt that went wrong, and the org makes them a second time.",
		Do:    []string{"delete the app and deploy it anew: ecactl deploy --delete NAME", "if it is not listed, ask Salesforce Support"}, Source: sourceErrors,
	},
	{
		ID: "SF-DUPLICATE-NAME", Where: "deploy", Match: []string{"duplicate"},
		Says:  "DUPLICATE_VALUE",
		Means: "An app or a Connected App of this name exists already.",
		Do:    []string{"if a Connected App has the name, migrate or delete it first", "choose another name in the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-CROSS-REFERENCE", Where: "deploy", Match: []string{"in field: externalclientapplication", "no externalclientapplication named"},
		Says:  "In field: externalClientApplication - no ExternalClientApplication named X found",
		Means: "The component names an app that is neither in the org nor in the deploy.",
		Do:    []string{"deploy the app with it", "check the name for case and namespace"}, Source: sourceErrors,
	},
	{
		ID: "SF-CROSS-REFERENCE-KEY", Where: "deploy", Match: []string{"invalid_cross_reference_key"},
		Says:  "INVALID_CROSS_REFERENCE_KEY",
		Means: "A component names something that is neither in the org nor in the deploy; of apps it is most often externalClientApplication.",
		Do:    []string{"check that externalClientApplication is the app's API name, to the letter", "deploy what is named first, or with it"}, Source: sourceErrors,
	},
	{
		ID: "SF-CROSS-REFERENCE-FIELD", Where: "deploy", Match: []string{"in field:", "found"},
		Says:  "In field: X - no Y named Z found",
		Means: "The org does not have what the field names: a permission set, a profile, an Apex class, a custom scope.",
		Do:    []string{"deploy it first, or in the same project", "permission sets go by their API names, profiles by their labels"}, Source: sourceErrors,
	},
	{
		ID: "SF-CREATION-OFF", Where: "deploy", Match: []string{"connected app", "creat"},
		Says:  "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support.",
		Means: "Orgs create no Connected Apps since Spring '26.",
		Do:    []string{"make an External Client App: ecactl init, or ecactl convert"}, Source: "release notes Spring '26: New Connected Apps Can No Longer Be Created",
	},
	{
		ID: "SF-READ-ONLY", Where: "deploy", Match: []string{"connected app", "migrated"},
		Says:  "an error that a migrated Connected App cannot be changed",
		Means: "After the migration the Connected App is read-only; the External Client App has its place.",
		Do:    []string{"change the External Client App", "deleting the External Client App brings the Connected App back"}, Source: "help: Migrate a Connected App to an External Client App",
	},
	{
		ID: "SF-MISSING-FILE", Where: "deploy", Match: []string{"no package.xml found"},
		Says: "No package.xml found", Means: "The zip has no manifest at its root or in its top folder.",
		Do: []string{"generate it again: ecactl generate --zip FILE"}, Source: sourceErrors,
	},
	{
		ID: "SF-LOCATION", Where: "deploy", Match: []string{"not configured to support location"},
		Says: "Organization is not configured to support location", Means: "A canvas location is one that the org does not have.",
		Do: []string{"take the location out of the spec's canvas.locations"}, Source: sourceErrors,
	},
	{
		ID: "SF-NOT-IN-ZIP", Where: "deploy", Match: []string{"named in package.xml", "not found in zipped directory"},
		Says:  "An object 'X' of type Y was named in package.xml, but was not found in zipped directory",
		Means: "The manifest names a component whose file is not in the zip.",
		Do:    []string{"generate it again: ecactl generate --zip FILE", "check the file's folder and suffix"}, Source: sourceErrors,
	},
	{
		ID: "SF-REQUIRED", Where: "deploy", Match: []string{"required field is missing"},
		Says:  "Required field is missing: X",
		Means: "The file leaves a field out that the org does not do without.",
		Do:    []string{"ecactl explain FIELD says which key of the spec it is", "ecactl lint finds it before a deploy"}, Source: sourceErrors,
	},
	{
		ID: "SF-REGISTRY", Where: "deploy", Match: []string{"unable to find type", "in registry"},
		Says:  "Unable to find type ExtlClntAppOauthSecuritySettings in registry",
		Means: "sf says it, and not the org: its table of types is older than the type.",
		Do:    []string{"update sf: npm install --global @salesforce/cli", "or deploy with ecactl, which has the type"}, Source: sourceErrors,
	},
}
