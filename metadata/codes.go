package metadata

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems that this package reports.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA201", Title: "an empty metadata file", Why: "There is no XML element in it.", Fix: "delete the file, or retrieve it again"},
		{Code: "ECA202", Title: "not well-formed XML", Why: "A tag is not closed, or closes another, or the file is cut off.", Fix: "mend it at the place, or retrieve the file again"},
		{Code: "ECA203", Title: "more than one root element", Why: "A metadata file holds one component.", Fix: "delete what follows the first"},
		{Code: "ECA204", Title: "a document type declaration", Why: "Metadata files have none, and one can make a parser read other files.", Fix: "delete the line <!DOCTYPE …>"},
		{Code: "ECA205", Title: "elements that nest too deep", Why: "Metadata nests four deep; 64 is allowed.", Fix: "mend the file"},
		{Code: "ECA206", Title: "text beside elements", Why: "An element of a metadata file holds text or elements, not both.", Fix: "delete the text"},
		{Code: "ECA207", Title: "another namespace", Why: "All elements of a metadata file are in " + Namespace + ".", Fix: "mend xmlns on the root element"},
		{Code: "ECA208", Title: "another encoding", Why: "Metadata files are UTF-8.", Fix: "save the file as UTF-8"},
		{Code: "ECA209", Title: "a file that is too large", Why: "A metadata file of these types has a few kilobytes; 5 MB are allowed.", Fix: "check what the file is"},
		{Code: "ECA210", Level: diag.Warning, Title: "a bare & in a value", Why: "XML writes it &amp;. Orgs have returned such files and take them back, so ecactl reads them.", Fix: "write &amp;"},
		{Code: "ECA211", Level: diag.Warning, Title: "an unknown metadata type", Why: "The file is none of the types that ecactl works with.", Fix: "leave it out"},
		{Code: "ECA212", Level: diag.Warning, Title: "an unknown element or value", Why: "It may be newer than ecactl's table, or a mistake; an org answers a mistake with \"invalid at this location\". It is kept.", Fix: "mend the name, or wait for a newer ecactl"},
		{Code: "ECA213", Title: "not in this API version", Why: "Types, elements and values come and go with API versions; a deploy at another one stops with \"invalid at this location\".", Fix: "pass an --api-version that has it"},
		{Code: "ECA214", Title: "a required element is missing", Why: "The schema requires it.", Fix: "add it"},
		{Code: "ECA215", Title: "an element twice", Why: "The schema takes one.", Fix: "delete one of the two"},
		{Code: "ECA216", Title: "a value of the wrong type", Why: "The schema takes true or false, a whole number, text or elements.", Fix: "mend the value"},
		{Code: "ECA221", Level: diag.Warning, Title: "one component in two files", Why: "A project holds it in source and in mdapi form, or in two package directories.", Fix: "delete one of the two"},
		{Code: "ECA222", Level: diag.Note, Title: "an app without its header", Why: "Normal for the policies of an installed app; otherwise the .eca file is missing.", Fix: "retrieve ExternalClientApplication too"},
		{Code: "ECA223", Level: diag.Warning, Title: "two components of a type in one app", Why: "An org has one of each; it refuses a second with \"duplicate value found\".", Fix: "delete the one that the org does not have"},
		{Code: "ECA224", Level: diag.Warning, Title: "a satellite that names no app", Why: "Without <externalClientApplication> nothing says where it belongs.", Fix: "add the element"},
		{Code: "ECA231", Title: "a file or folder that cannot be read", Why: "The system says why; links that lead out of a folder are not followed.", Fix: "mend the path or its permissions"},
		{Code: "ECA232", Title: "not a metadata file", Why: "Neither its suffix nor its root element is one that ecactl knows.", Fix: "name it <name>.<suffix>-meta.xml"},
		{Code: "ECA233", Level: diag.Warning, Title: "a suffix that does not fit", Why: "ecactl goes by the root element; sf goes by the suffix and fails.", Fix: "rename the file"},
		{Code: "ECA234", Title: "an sfdx-project.json that cannot be used", Why: "Its packageDirectories say where metadata is.", Fix: "mend the file"},
		{Code: "ECA235", Title: "not a manifest", Why: "A package.xml is a <Package> of <types> and a <version>.", Fix: "mend the file"},
		{Code: "ECA241", Title: "a zip that is refused", Why: "An entry leaves the folder, or the zip unpacks to more than metadata can be.", Fix: "check where the zip is from"},
		{Code: "ECA301", Title: "a value that XML cannot carry", Why: "XML has no way to write control characters.", Fix: "delete the character"},
		{Code: "ECA302", Level: diag.Warning, Title: "an element that the target API version no longer has", Why: "It is left out, because a deploy would stop at it.", Fix: "delete the key, or target the older version"},
		{Code: "ECA303", Title: "one file written twice", Why: "Two specs become the same file.", Fix: "give the two apps or components different names"},
		{Code: "ECA304", Title: "a file or folder that cannot be written", Why: "The system says why. Nothing has been replaced.", Fix: "mend permissions, space, or what is in the way"},
		{Code: "ECA305", Title: "a file that is not ecactl's to replace", Why: "It was not generated, or was changed by hand since. Its content may be nowhere else.", Fix: "pass --overwrite, or choose another --dir"},
		{Code: "ECA306", Level: diag.Warning, Title: "files for different API versions", Why: "One deploy has one version.", Fix: "pass --api-version, or deploy them apart"},
	}
}
