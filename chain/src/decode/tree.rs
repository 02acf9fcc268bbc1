//! The call tree of an extrinsic, recorded while its one JSON form is written.
//!
//! The whole form is written once. A node without children has its own arguments in it; for the others a second
//! text is made from the stretches between their children, so that every byte of the whole form is copied at most
//! once and the work stays linear at any depth.

use crate::runtime::names::NameId;

/// Bytes that the paths of one extrinsic's calls may take: enough for 10,000 calls nested 300 deep.
const PATHS_FLOOR: usize = 16 << 20;

/// Bytes of paths for each byte of the extrinsic beyond that.
const PATHS_FACTOR: usize = 64;

/// No node.
pub(crate) const NO_NODE: u32 = u32::MAX;

/// A stretch of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Position in the runtime's calls.
    pub(crate) item: u32,
    pub(crate) parent: u32,
    pub(crate) depth: u32,
    /// Argument of the parent that carries it; `None` for the outer call.
    pub(crate) role: Option<NameId>,
    /// In [`Tree::paths`].
    pub(crate) path: Stretch,
    /// The call with pallet and name, in the output.
    pub(crate) value: Stretch,
    /// Its arguments, in the output.
    pub(crate) args: Stretch,
    first_child: u32,
    last_child: u32,
    next_sibling: u32,
    children: u32,
    /// Argument that is being decoded.
    argument: Option<NameId>,
}

/// See the module docs.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) paths: Vec<u8>,
    current: Option<u32>,
    paths_limit: usize,
}

impl Tree {
    /// Makes ready for an extrinsic of `len` bytes.
    pub(crate) fn begin(&mut self, len: usize) {
        self.nodes.clear();
        self.paths.clear();
        self.current = None;
        self.paths_limit = len.saturating_mul(PATHS_FACTOR).saturating_add(PATHS_FLOOR);
    }

    /// Gives back what an uncommonly large extrinsic took.
    pub(crate) fn trim(&mut self, bytes: usize) {
        self.begin(0);
        self.nodes.shrink_to(bytes / size_of::<Node>());
        self.paths.shrink_to(bytes);
    }

    /// The current call goes on with this argument.
    pub(crate) fn at_argument(&mut self, name: NameId) {
        if let Some(node) = self.current.and_then(|current| self.nodes.get_mut(current as usize)) {
            node.argument = Some(name);
        }
    }

    /// A call begins inside the current one. `false` when the paths grow out of proportion.
    pub(crate) fn enter(&mut self, item: u32, value_start: usize, args_start: usize) -> bool {
        let id = self.nodes.len() as u32;
        let path_start = self.paths.len();
        let (mut parent, mut ordinal, mut depth, mut role) = (NO_NODE, 0, 0, None);
        let mut sibling = NO_NODE;
        if let Some(current) = self.current
            && let Some(above) = self.nodes.get_mut(current as usize)
        {
            (parent, ordinal, depth, role) = (current, above.children, above.depth + 1, above.argument);
            above.children += 1;
            sibling = std::mem::replace(&mut above.last_child, id);
            if sibling == NO_NODE {
                above.first_child = id;
            }
            let path = above.path;
            self.paths.extend_from_within(path.start..path.end);
            self.paths.push(b'.');
        }
        if let Some(sibling) = self.nodes.get_mut(sibling as usize) {
            sibling.next_sibling = id;
        }
        self.paths.extend_from_slice(itoa::Buffer::new().format(ordinal).as_bytes());
        self.nodes.push(Node {
            item,
            parent,
            depth,
            role,
            path: Stretch { start: path_start, end: self.paths.len() },
            value: Stretch { start: value_start, end: value_start },
            args: Stretch { start: args_start, end: args_start },
            first_child: NO_NODE,
            last_child: NO_NODE,
            next_sibling: NO_NODE,
            children: 0,
            argument: None,
        });
        self.current = Some(id);
        self.paths.len() <= self.paths_limit
    }

    /// The current call ends.
    pub(crate) fn leave(&mut self, args_end: usize, value_end: usize) {
        let Some(node) = self.current.and_then(|current| self.nodes.get_mut(current as usize)) else {
            return;
        };
        node.args.end = args_end;
        node.value.end = value_end;
        self.current = (node.parent != NO_NODE).then_some(node.parent);
    }

    /// The node's own arguments: where they stand in `out`, or appended to it with references to its children.
    pub(crate) fn own_args(&self, node: &Node, out: &mut Vec<u8>) -> Stretch {
        if node.first_child == NO_NODE {
            return node.args;
        }
        let start = out.len();
        let mut at = node.args.start;
        let mut child = node.first_child;
        while let Some(node) = self.nodes.get(child as usize) {
            out.extend_from_within(at..node.value.start);
            out.extend_from_slice(br#"{"$call":""#);
            out.extend_from_slice(self.paths.get(node.path.start..node.path.end).unwrap_or(&[]));
            out.extend_from_slice(br#""}"#);
            at = node.value.end;
            child = node.next_sibling;
        }
        out.extend_from_within(at..node.args.end);
        Stretch { start, end: out.len() }
    }
}
