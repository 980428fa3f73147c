#!/usr/bin/env python3
"""Read a picture of skel-fmt, and fail unless it is well-formed XML.

    picture.py PICTURE             check it, and what it may not contain
    picture.py --folded PICTURE    the stacks of a flame graph, as skel-fmt --folded
    picture.py --frames PICTURE    row, count, left, width and title of each frame
    picture.py --cells PICTURE     the count of each cell of a heat map, and its title
    picture.py --texts PICTURE     all other texts

Expat is the judge of what is XML; apart from that it is checked that nothing but
our script is in it, and that nothing leads out of it.
"""
import sys
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "style", "rect", "text", "g", "title", "script", "line"}
ATTRIBUTES = {"version", "width", "height", "viewBox", "class", "x", "y", "id",
              "visibility", "data-s", "data-c", "x1", "x2", "y1", "y2"}


def check(root):
    scripts = 0
    for e in root.iter():
        name = e.tag.removeprefix(SVG)
        assert e.tag.startswith(SVG) and name in ELEMENTS, e.tag
        extra = set(e.attrib) - ATTRIBUTES
        assert not extra, (name, extra)
        scripts += name == "script"
        if name not in ("script", "style"):
            for text in [e.text, e.tail, *e.attrib.values()]:
                for c in text or "":
                    assert c >= " " or c == "\n", repr(text)
                    assert not 0x7F <= ord(c) < 0xA0, repr(text)
                    assert c not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e" \
                        "\u2066\u2067\u2068\u2069\u061c", repr(text)
    assert scripts == 1, scripts


def frames(root):
    """Row, start, count, name and kinds of each frame."""
    ground = None
    for g in root.iter(SVG + "g"):
        if "data-s" not in g.attrib:
            continue
        rect, title = g.find(SVG + "rect"), g.find(SVG + "title").text
        at = title.rindex(" (")
        ground = ground or int(rect.get("y"))
        kinds = title[at + 2:-1].split(", ")[2:]
        yield ((ground - int(rect.get("y"))) // 17, int(g.get("data-s")),
               int(g.get("data-c")), title[:at], kinds, rect, title)


def folded(root):
    """Each frame that counts more than those above it."""
    rows, out = {}, {}
    for row, start, count, name, kinds, _, _ in frames(root):
        name = name.replace(" ", "_").replace(";", ":")
        if "kernel" in kinds:
            name += "_[k]"
        outer = next((o for o in rows.get(row - 1, [])
                      if o[0] <= start and start + count <= o[1]), None)
        assert outer or row == 0, name
        stack = outer[2] + [name] if row > 0 else []
        if outer:
            outer[3] += count
        rows.setdefault(row, []).append([start, start + count, stack, 0])
    for row in rows.values():
        for start, end, stack, above in row:
            assert above <= end - start, stack
            if stack and end - start > above:
                line = ";".join(stack)
                out[line] = out.get(line, 0) + end - start - above
    return out


def main():
    what, path = sys.argv[1:] if len(sys.argv) > 2 else ("", sys.argv[1])
    root = tree.parse(path).getroot()
    check(root)
    if what == "--folded":
        for line, count in sorted(folded(root).items(), key=lambda i: i[0].encode()):
            print(line, count)
    elif what == "--frames":
        for row, _, count, _, _, rect, title in frames(root):
            print(row, count, rect.get("x"), rect.get("width"), title)
    elif what == "--cells":
        for rect in root.iter(SVG + "rect"):
            if rect.get("data-c"):
                print(rect.get("data-c"), rect.find(SVG + "title").text)
    elif what == "--texts":
        for text in root.iter(SVG + "text"):
            if text.text:
                print(text.text)


main()
