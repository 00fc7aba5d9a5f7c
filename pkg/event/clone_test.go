package event

import (
	"reflect"
	"testing"
)

// TestClone: the copy is equal, and shares no slice and no pointer, also of fields
// that are new.
func TestClone(t *testing.T) {
	cloned(t, (*Event).Clone)
	cloned(t, (*Finding).Clone)
	cloned(t, (*Totals).Clone)
	cloned(t, (*Audit).Clone)
}

func cloned[T any](t *testing.T, clone func(*T) *T) {
	t.Helper()
	var item T
	occupy(reflect.ValueOf(&item).Elem())
	c := clone(&item)
	if !reflect.DeepEqual(&item, c) {
		t.Fatalf("the clone differs:\n%+v\n%+v", item, *c)
	}
	apart(t, reflect.TypeFor[T]().Name(), reflect.ValueOf(&item).Elem(), reflect.ValueOf(c).Elem())
}

// occupy gives every slice an element and every pointer a value.
func occupy(v reflect.Value) {
	if !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			occupy(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		occupy(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		occupy(v.Elem())
	}
}

func apart(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() {
				apart(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
			}
		}
	case reflect.Slice, reflect.Pointer, reflect.Map:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
			return
		}
		switch a.Kind() {
		case reflect.Slice:
			apart(t, path, a.Index(0), b.Index(0))
		case reflect.Pointer:
			apart(t, path, a.Elem(), b.Elem())
		}
	}
}
