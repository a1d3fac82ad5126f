package soql

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// columns describes the columns of a query.
func (x *execution) columns() []Column {
	var list []Column
	at := map[string]int{}
	unnamed := 0
	for _, f := range x.query.fields {
		switch {
		case f.sub != nil:
			list = append(list, Column{Name: f.sub.from, Aggregate: true})
		case f.fn != "":
			name := f.alias
			if name == "" {
				name = "expr" + string(rune('0'+unnamed%10))
				unnamed++
			}
			list = append(list, Column{Name: name, Type: "int", Aggregate: true})
		default:
			parent, name, deeper := strings.Cut(f.path, ".")
			if !deeper {
				list = append(list, Column{Name: f.path, Type: x.object.Field(f.path).Type})
				continue
			}
			i, ok := at[parent]
			if !ok {
				i = len(list)
				at[parent] = i
				list = append(list, Column{Name: parent})
			}
			list[i].Join = append(list[i].Join, Column{Name: name, Type: "string"})
		}
	}
	return list
}

// MarshalJSON writes a column as REST does with columns=true.
func (c Column) MarshalJSON() ([]byte, error) {
	join := c.Join
	if join == nil {
		join = []Column{}
	}
	return json.Marshal(map[string]any{
		"aggregate": c.Aggregate, "apexType": nil, "booleanType": c.Type == "boolean", "columnName": c.Name, "custom": false, "displayName": c.Name,
		"foreignKeyName": nil, "insertable": false, "joinColumns": join, "numberType": c.Type == "int" || c.Type == "double", "textType": c.Type != "boolean" && c.Type != "int", "updatable": false,
	})
}

// JSON writes a record as REST does: its attributes first, then its fields in
// the order of the query. base is the path of its sobjects resource.
func (r Record) JSON(base string) json.RawMessage {
	var b bytes.Buffer
	attributes := map[string]string{"type": r.Type}
	for i, n := range r.Names {
		if id, ok := r.Values[i].(string); ok && n == "Id" {
			attributes["url"] = base + "/sobjects/" + r.Type + "/" + id
		}
	}
	b.WriteString(`{"attributes":`)
	write(&b, attributes)
	for i, n := range r.Names {
		b.WriteByte(',')
		write(&b, n)
		b.WriteByte(':')
		switch v := r.Values[i].(type) {
		case Record:
			b.Write(v.JSON(base))
		case *Result:
			b.Write(v.JSON(base))
		case time.Time:
			write(&b, textOf(v))
		default:
			write(&b, v)
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

// JSON writes children: null if there are none.
func (r *Result) JSON(base string) json.RawMessage {
	if len(r.Records) == 0 {
		return json.RawMessage("null")
	}
	records := make([]json.RawMessage, len(r.Records))
	for i, rec := range r.Records {
		records[i] = rec.JSON(base)
	}
	var b bytes.Buffer
	write(&b, map[string]any{"totalSize": len(records), "done": true, "records": records})
	return b.Bytes()
}

func write(b *bytes.Buffer, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte("null") // a seed has nothing that JSON has not
	}
	b.Write(data)
}
