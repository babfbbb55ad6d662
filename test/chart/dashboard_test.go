package chart_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what tests read of files/dashboard.json.
type dashboard struct {
	UID           string
	SchemaVersion int
	Templating    struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
		}
	}
	Annotations struct {
		List []struct{ Expr string }
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               struct{ UID string }
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr string
		Datasource  struct{ UID string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(chart + "/files/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.SchemaVersion < 41 || len(d.Panels) == 0 {
		t.Fatalf("its uid is %q, its schema version %d, and it has %d panels", d.UID, d.SchemaVersion, len(d.Panels))
	}
	return d
}

// expressions are all that it asks of Prometheus. Variables that stand for a number
// or a time have a value; those for labels stand in quotes, and may stay.
func (d *dashboard) expressions() (all []string) {
	value := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h")
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, value.Replace(target.Expr))
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, value.Replace(a.Expr))
	}
	metric := regexp.MustCompile(`label_values\((.+), (\w+)\)`)
	for _, v := range d.Templating.List {
		if m := metric.FindStringSubmatch(string(v.Query)); m != nil {
			all = append(all, "count by ("+m[2]+") ("+strings.ReplaceAll(m[1], `\"`, `"`)+")")
		}
	}
	return all
}

// TestDashboard holds what a panel has, and that none covers another.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	const source = "${datasource}"
	ids := map[int]string{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] != "" || p.ID == 0 {
			t.Errorf("%s: its id %d is that of %s", p.Title, p.ID, ids[p.ID])
		}
		ids[p.ID] = p.Title
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s: it covers %q or the edge at %d, %d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.GridPos.W == 0 || p.GridPos.H == 0 || p.Title == "" {
			t.Errorf("panel %d (%s) cannot be seen", p.ID, p.Title)
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != source {
			t.Errorf("%s: it lacks a description, a unit or the data source", p.Title)
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.Expr == "" || target.Datasource.UID != source || refs[target.RefID] {
				t.Errorf("%s: query %q lacks an expression or the data source, or is there twice", p.Title, target.RefID)
			}
			refs[target.RefID] = true
		}
		if len(refs) == 0 {
			t.Errorf("%s: it shows nothing", p.Title)
		}
	}
	d.variables(t)
}

// variables checks that those in use are those that the dashboard defines.
func (d *dashboard) variables(t *testing.T) {
	t.Helper()
	used := []string{"datasource"}
	for _, e := range d.expressions() {
		for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(e, -1) {
			used = append(used, m[1])
		}
	}
	slices.Sort(used)
	var defined []string
	for _, v := range d.Templating.List {
		defined = append(defined, v.Name)
	}
	slices.Sort(defined)
	if used = slices.Compact(used); !slices.Equal(used, defined) {
		t.Errorf("the variables %v are in use, and %v are defined", used, defined)
	}
}
