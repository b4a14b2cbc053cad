package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// widest is how many characters a table may be wide; beyond that each row becomes a paragraph.
const widest = 180

// Text shows a frame to people: its metadata for Grafana, its fields, and its first rows.
func Text(frame *data.Frame, most int) string {
	var text strings.Builder
	line := func(name, format string, values ...any) {
		fmt.Fprintf(&text, "%-7s%s\n", name, fmt.Sprintf(format, values...))
	}
	line("refId", "%s", frame.RefID)
	line("frame", "%s", frame.Name)
	if meta := frame.Meta; meta != nil {
		about(line, meta)
	}
	line("fields", "%d", len(frame.Fields))
	names := names(frame)
	fields := make([][]string, len(frame.Fields))
	for i, field := range frame.Fields {
		fields[i] = []string{"  " + names[i], field.Type().ItemTypeString(), labels(field.Labels), settings(field)}
	}
	text.WriteString(table(fields))

	rows := frame.Rows()
	shown := min(rows, most)
	if line("rows", "%d", rows); shown < rows {
		line("", "the first %d:", shown)
	}
	if shown > 0 {
		text.WriteString("\n" + cells(frame, names, shown))
	}
	return text.String()
}

// names are those of the fields; series that share a name get a number, which is not part of it.
func names(frame *data.Frame) []string {
	names := make([]string, len(frame.Fields))
	for i, field := range frame.Fields {
		names[i] = field.Name
		if len(field.Labels) > 0 {
			names[i] = fmt.Sprintf("%s#%d", field.Name, i)
		}
	}
	return names
}

func about(line func(name, format string, values ...any), meta *data.FrameMeta) {
	if meta.Type != "" {
		line("type", "%s %d.%d", meta.Type, meta.TypeVersion[0], meta.TypeVersion[1])
	}
	if meta.PreferredVisualization != "" {
		line("show", "as %s", meta.PreferredVisualization)
	}
	if meta.DataTopic != "" {
		line("topic", "%s", meta.DataTopic)
	}
	name := "asked"
	for part := range strings.Lines(meta.ExecutedQueryString) {
		line(name, "%s", strings.TrimSpace(part))
		name = ""
	}
	for _, notice := range meta.Notices {
		severity, _ := notice.Severity.MarshalJSON()
		line("notice", "%s: %s", bytes.Trim(severity, `"`), notice.Text)
	}
	if meta.Custom != nil {
		custom, _ := json.Marshal(meta.Custom)
		line("custom", "%s", custom)
	}
}

func settings(field *data.Field) string {
	if field.Config == nil {
		return ""
	}
	text, _ := json.Marshal(field.Config)
	return string(text)
}

// cells shows rows as a table where that is narrow enough to be read, else as paragraphs of one line per value.
func cells(frame *data.Frame, names []string, rows int) string {
	lines := make([][]string, rows+1)
	lines[0] = names
	for row := range rows {
		for _, field := range frame.Fields {
			lines[row+1] = append(lines[row+1], cell(field, row))
		}
	}
	text := table(lines)
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > widest {
			return paragraphs(frame, names, rows)
		}
	}
	return text
}

// paragraphs leaves out what is null.
func paragraphs(frame *data.Frame, names []string, rows int) string {
	var text strings.Builder
	for row := range rows {
		fmt.Fprintf(&text, "row %d\n", row+1)
		var lines [][]string
		for i, field := range frame.Fields {
			if members, ok := object(field, row); ok {
				lines = append(lines, members...)
			} else if value := cell(field, row); value != "" {
				lines = append(lines, []string{"  " + names[i], value})
			}
		}
		text.WriteString(table(lines))
	}
	return text.String()
}

// object takes the members of a JSON object apart, so that a difference shows on a line of its own.
func object(field *data.Field, row int) ([][]string, bool) {
	value, ok := field.ConcreteAt(row)
	document, isJSON := value.(json.RawMessage)
	if !ok || !isJSON {
		return nil, false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(document, &members) != nil || len(members) == 0 {
		return nil, false
	}
	var lines [][]string
	for name, value := range members {
		lines = append(lines, []string{"  " + field.Name + "." + name, string(value)})
	}
	slices.SortFunc(lines, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return lines, true
}

// cell is a value as text; null is nothing, and text that would break the table is quoted.
func cell(field *data.Field, row int) string {
	value, ok := field.ConcreteAt(row)
	if !ok {
		return ""
	}
	switch value := value.(type) {
	case time.Time:
		return value.UTC().Format("2006-01-02T15:04:05.999999999Z")
	case json.RawMessage:
		return string(value)
	case string:
		if value == "" || strings.ContainsFunc(value, hidden) {
			return strconv.Quote(value)
		}
		return value
	default:
		return fmt.Sprint(value)
	}
}

// hidden is true of characters that a reader would not see, or that would break the table.
func hidden(r rune) bool {
	return !unicode.IsPrint(r)
}

func labels(labels data.Labels) string {
	if len(labels) == 0 {
		return ""
	}
	return "{" + labels.String() + "}"
}

// table aligns the cells of its lines.
func table(lines [][]string) string {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for _, line := range lines {
		var out strings.Builder
		for i, cell := range line {
			out.WriteString(cell)
			out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		text.WriteString(strings.TrimRight(out.String(), " "))
		text.WriteString("\n")
	}
	return text.String()
}
