package org

import "context"

// A MetadataType is a metadata type as an org describes it.
type MetadataType struct {
	Name       string   `xml:"xmlName" json:"name"`
	Directory  string   `xml:"directoryName" json:"directory"`
	Suffix     string   `xml:"suffix" json:"suffix"`
	ChildNames []string `xml:"childXmlNames" json:"childNames"`
}

// A Description is what an org says of its Metadata API.
type Description struct {
	Types              []MetadataType `xml:"metadataObjects" json:"types"`
	Namespace          string         `xml:"organizationNamespace" json:"namespace"`
	PartialSaveAllowed bool           `xml:"partialSaveAllowed" json:"partialSaveAllowed"`
	TestRequired       bool           `xml:"testRequired" json:"testRequired"`
}

// Describe asks which metadata types the org has at the client's version.
func (c *Client) Describe(ctx context.Context) (*Description, error) {
	return soapOne[Description](ctx, c, el("describeMetadata", txt("asOfVersion", c.cfg.APIVersion.String())), true, false)
}
