package insightstest

// dictionary numbers the distinct values of a field. A filter then is a list
// of the numbers it lets through, whatever it compares, and a sum is a list of
// counts.
type dictionary[V comparable] struct {
	numbers map[V]int32
	values  []V // by number; only ever appended to, so that readers may keep a slice of it
}

func (d *dictionary[V]) number(v V) int32 {
	if n, known := d.numbers[v]; known {
		return n
	}
	if d.numbers == nil {
		d.numbers = make(map[V]int32)
	}
	n := int32(len(d.values))
	d.numbers[v] = n
	d.values = append(d.values, v)
	return n
}

// platform is the name of a system or a browser in both forms.
type platform struct{ raw, normalized string }

// dictionaries are those of all fields that can be filtered or summed up by.
type dictionaries struct {
	names, builds, owners, statuses, errors dictionary[string]
	systems, browsers                       dictionary[platform]
}

// vocabulary is what the dictionaries held at one moment.
type vocabulary struct {
	names, builds, owners, statuses, errors []string
	systems, browsers                       []platform
}

func (d *dictionaries) vocabulary() vocabulary {
	return vocabulary{
		names:    d.names.values,
		builds:   d.builds.values,
		owners:   d.owners.values,
		statuses: d.statuses.values,
		errors:   d.errors.values,
		systems:  d.systems.values,
		browsers: d.browsers.values,
	}
}
