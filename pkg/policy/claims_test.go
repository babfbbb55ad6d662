package policy

import "testing"

func TestClaims(t *testing.T) {
	held := NewClaims(0)
	catalog := parse(t, text("catalog", "match: [{hosts: [catalog], methods: [GET], headers: [{name: x-tier, value: gold}]}]"))
	other := parse(t, text("other", "match: [{hosts: [other]}]"))
	both := parse(t, text("both", "match: [{hosts: [other]}, {hosts: [catalog.shop], methods: [GET], headers: [{name: X-Tier, value: gold}]}]"))
	free := parse(t, text("free", "match: [{hosts: [catalog], methods: [GET], headers: [{name: x-tier, value: silver}]}, {hosts: [catalog], methods: [GET]}]"))
	twin := parse(t, text("catalog", "match: [{hosts: [twin]}]"))
	conflict := func(p, holder *Policy, key string) {
		t.Helper()
		got, found := held.Conflict(p)
		if want := (Conflict{Policy: p, Holder: holder, Key: key}); found && got != want || found != (holder != nil) {
			t.Errorf("%s: conflict %v with %v over %q, want %v over %q", p.ID, found, got.Holder, got.Key, holder, key)
		}
	}
	conflict(catalog, nil, "")
	held.Take(catalog)
	held.Take(other)
	conflict(both, other, "host other")
	conflict(free, nil, "")
	conflict(twin, catalog, "name shop/catalog")
	if holders := held.Holders(both); len(holders) != 2 || holders[0] != other || holders[1] != catalog {
		t.Errorf("holders %v", holders)
	}
	held.Release(other)
	conflict(both, catalog, `host catalog.shop method GET header X-Tier="gold"`)
	held.Release(catalog)
	conflict(both, nil, "")
	conflict(twin, nil, "")
}
