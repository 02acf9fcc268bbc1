//! A chart as a file: the picture with the colours of the page, or its values.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CanvasRenderingContext2d, Element, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement};

use crate::{
    graph::{Graph, table},
    islands::browser,
};

/// Pixels of an exported picture.
const SIZE: (u32, u32) = (1_600, 800);
/// Room around the plot: left, top, right, bottom.
const ROOM: (f64, f64, f64, f64) = (130.0, 90.0, 30.0, 70.0);

/// Offers the values as a CSV file.
pub(super) fn values(graph: &Graph) {
    let url = format!("data:text/csv;charset=utf-8,{}", js_sys::encode_uri_component(&table::csv(graph)));
    download(&url, &format!("{}.csv", graph.id));
}

/// Offers the picture as it is shown, with title and labels, as a PNG file.
pub(super) fn picture(figure: &Element, graph: &Graph) {
    let _ = draw(figure, graph);
}

fn draw(figure: &Element, graph: &Graph) -> Option<()> {
    let document = browser::document()?;
    let svg = figure.query_selector("svg").ok()??;
    let plain = with_own_colours(&svg)?;
    let source = web_sys::XmlSerializer::new().ok()?.serialize_to_string(&plain).ok()?;
    let url = format!("data:image/svg+xml;charset=utf-8,{}", js_sys::encode_uri_component(&source));
    let canvas = document.create_element("canvas").ok()?.dyn_into::<HtmlCanvasElement>().ok()?;
    canvas.set_width(SIZE.0);
    canvas.set_height(SIZE.1);
    let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
    let labels = Labels::of(figure, graph)?;
    let image = HtmlImageElement::new().ok()?;
    let name = format!("{}.png", graph.id);
    let loaded = {
        let image = image.clone();
        Closure::once_into_js(move || {
            labels.ground(&context);
            let (left, top, right, bottom) = ROOM;
            let (width, height) = (f64::from(SIZE.0) - left - right, f64::from(SIZE.1) - top - bottom);
            let _ =
                context.draw_image_with_html_image_element_and_dw_and_dh(&image, left, top, width, height);
            labels.write(&context);
            if let Ok(url) = canvas.to_data_url() {
                download(&url, &name);
            }
        })
    };
    image.set_onload(Some(loaded.unchecked_ref()));
    image.set_src(&url);
    Some(())
}

/// A copy of the picture that carries the colours which the page's style gives it.
fn with_own_colours(svg: &Element) -> Option<Element> {
    let window = web_sys::window()?;
    let copy = svg.clone_node_with_deep(true).ok()?.dyn_into::<Element>().ok()?;
    let _ = copy.set_attribute("xmlns", "http://www.w3.org/2000/svg");
    let (shown, copied) =
        (svg.query_selector_all("path, rect").ok()?, copy.query_selector_all("path, rect").ok()?);
    for index in 0..shown.length() {
        let (Some(from), Some(to)) = (shown.get(index), copied.get(index)) else { continue };
        let (Ok(from), Ok(to)) = (from.dyn_into::<Element>(), to.dyn_into::<Element>()) else { continue };
        let Ok(Some(style)) = window.get_computed_style(&from) else { continue };
        for name in
            ["fill", "stroke", "stroke-width", "opacity", "fill-opacity", "vector-effect", "stroke-linecap"]
        {
            if let Ok(value) = style.get_property_value(name) {
                let _ = to.set_attribute(name, &value);
            }
        }
    }
    Some(copy)
}

/// The texts around the plot.
struct Labels {
    title: String,
    ys: Vec<String>,
    xs: Vec<String>,
    ground: String,
    ink: String,
    /// Share of the picture's height that the main field takes.
    main_part: f64,
}

impl Labels {
    fn of(figure: &Element, graph: &Graph) -> Option<Self> {
        let window = web_sys::window()?;
        let style = |element: &Element, name: &str| {
            window
                .get_computed_style(element)
                .ok()
                .flatten()
                .and_then(|style| style.get_property_value(name).ok())
        };
        let texts = |selector: &str| {
            let Ok(found) = figure.query_selector_all(selector) else { return Vec::new() };
            (0..found.length()).filter_map(|index| found.get(index)?.text_content()).collect()
        };
        Some(Self {
            title: format!("{}, {}", graph.title, graph.unit),
            ys: texts(".ys span"),
            xs: texts(".xs span"),
            ground: style(figure, "background-color").unwrap_or_else(|| "white".to_owned()),
            ink: style(figure, "color").unwrap_or_else(|| "black".to_owned()),
            main_part: crate::graph::plot::main_part(graph),
        })
    }

    fn ground(&self, context: &CanvasRenderingContext2d) {
        context.set_fill_style_str(&self.ground);
        context.fill_rect(0.0, 0.0, f64::from(SIZE.0), f64::from(SIZE.1));
    }

    fn write(&self, context: &CanvasRenderingContext2d) {
        let (left, top, right, bottom) = ROOM;
        let (width, height) = (f64::from(SIZE.0) - left - right, f64::from(SIZE.1) - top - bottom);
        // the field below the main one has its part of the picture; the labels are those of the main one
        let tall = height * self.main_part;
        context.set_fill_style_str(&self.ink);
        context.set_font("600 30px sans-serif");
        let _ = context.fill_text(&self.title, left, 54.0);
        context.set_font("22px sans-serif");
        context.set_text_align("right");
        for (index, text) in self.ys.iter().enumerate() {
            let part = index as f64 / (self.ys.len().max(2) - 1) as f64;
            let _ = context.fill_text(text, left - 14.0, top + tall * part + 8.0);
        }
        context.set_text_align("center");
        for (index, text) in self.xs.iter().enumerate() {
            let part = index as f64 / (self.xs.len().max(2) - 1) as f64;
            let _ = context.fill_text(
                text,
                (left + width * part).min(f64::from(SIZE.0) - 80.0),
                top + height + 40.0,
            );
        }
    }
}

fn download(url: &str, name: &str) {
    let Some(document) = browser::document() else { return };
    let Ok(link) = document.create_element("a") else { return };
    let Ok(link) = link.dyn_into::<HtmlAnchorElement>() else { return };
    link.set_href(url);
    link.set_download(name);
    link.click();
}
