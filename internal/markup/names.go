package markup

// Tag is the name of an element.
type Tag struct {
	name string
	void bool // it has neither content nor an end
}

// Elements of HTML.
var (
	Article    = Tag{name: "article"}
	Button     = Tag{name: "button"}
	Caption    = Tag{name: "caption"}
	Code       = Tag{name: "code"}
	Definition = Tag{name: "dd"}
	Details    = Tag{name: "details"}
	Div        = Tag{name: "div"}
	Emphasis   = Tag{name: "em"}
	Footer     = Tag{name: "footer"}
	Header     = Tag{name: "header"}
	Heading1   = Tag{name: "h1"}
	Heading2   = Tag{name: "h2"}
	Heading3   = Tag{name: "h3"}
	Input      = Tag{name: "input", void: true}
	Item       = Tag{name: "li"}
	Label      = Tag{name: "label"}
	Link       = Tag{name: "a"}
	List       = Tag{name: "ul"}
	Main       = Tag{name: "main"}
	Navigation = Tag{name: "nav"}
	Paragraph  = Tag{name: "p"}
	Row        = Tag{name: "tr"}
	Cell       = Tag{name: "td"}
	HeaderCell = Tag{name: "th"}
	Section    = Tag{name: "section"}
	Span       = Tag{name: "span"}
	Strong     = Tag{name: "strong"}
	Summary    = Tag{name: "summary"}
	Table      = Tag{name: "table"}
	TableBody  = Tag{name: "tbody"}
	TableHead  = Tag{name: "thead"}
	Term       = Tag{name: "dt"}
	TermList   = Tag{name: "dl"}
	Time       = Tag{name: "time"}
)

// Elements of SVG.
var (
	SVG     = Tag{name: "svg"}
	Group   = Tag{name: "g"}
	Line    = Tag{name: "line"}
	Rect    = Tag{name: "rect"}
	SVGText = Tag{name: "text"}
	Title   = Tag{name: "title"}
)

// Key is the name of an attribute.
type Key struct{ name string }

// Attributes. There is none that holds script or style, and none that holds an address.
var (
	ARIAControls   = Key{"aria-controls"}
	ARIAHidden     = Key{"aria-hidden"}
	ARIALabel      = Key{"aria-label"}
	ARIALabelledBy = Key{"aria-labelledby"}
	ARIALive       = Key{"aria-live"}
	ARIARowCount   = Key{"aria-rowcount"}
	AutoComplete   = Key{"autocomplete"}
	Class          = Key{"class"}
	ColSpan        = Key{"colspan"}
	Data           = Key{"data-value"} // for the script of the page
	DateTime       = Key{"datetime"}
	For            = Key{"for"}
	Height         = Key{"height"}
	Hidden         = Key{"hidden"}
	ID             = Key{"id"}
	Max            = Key{"max"}
	Min            = Key{"min"}
	Open           = Key{"open"}
	Placeholder    = Key{"placeholder"}
	Role           = Key{"role"}
	Scope          = Key{"scope"}
	SpellCheck     = Key{"spellcheck"}
	TabIndex       = Key{"tabindex"}
	TextAnchor     = Key{"text-anchor"}
	Type           = Key{"type"}
	Value          = Key{"value"}
	Width          = Key{"width"}
	X              = Key{"x"}
	X1             = Key{"x1"}
	X2             = Key{"x2"}
	Y              = Key{"y"}
	Y1             = Key{"y1"}
	Y2             = Key{"y2"}
)

// Attr is an attribute with its value.
type Attr struct{ name, value string }

// Is gives an attribute a value, which may be any text.
func (k Key) Is(value string) Attr { return Attr{k.name, value} }

// To is where a link leads: the element of the page with an id.
func To(id string) Attr { return Attr{"href", "#" + id} }
