//! A pre-order list of calls as a tree.

use super::CallNode;

/// Children and subtree ends of every node.
pub(super) struct Tree {
    /// Children of node `i` are `children[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    children: Vec<u32>,
    /// One past the last node of the subtree of each node.
    ends: Vec<u32>,
}

impl Tree {
    pub(super) fn new(calls: &[CallNode<'_>]) -> Self {
        // a parent stands before its children; any other link is taken for none
        let parent_of =
            |index: usize| calls[index].parent.map(|parent| parent as usize).filter(|parent| *parent < index);
        let mut starts = vec![0u32; calls.len() + 1];
        let mut ends: Vec<u32> = (1u32..).take(calls.len()).collect();
        for index in (0..calls.len()).rev() {
            if let Some(parent) = parent_of(index) {
                starts[parent + 1] += 1;
                ends[parent] = ends[parent].max(ends[index]);
            }
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut children = vec![0u32; starts.last().map_or(0, |count| *count as usize)];
        let mut next = starts.clone();
        for (index, child) in (0..calls.len()).zip(0u32..) {
            if let Some(parent) = parent_of(index) {
                children[next[parent] as usize] = child;
                next[parent] += 1;
            }
        }
        Self { starts, children, ends }
    }

    pub(super) fn children(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.children[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// All nodes below `node`.
    pub(super) fn descendants(&self, node: u32) -> std::ops::Range<usize> {
        node as usize + 1..self.ends[node as usize] as usize
    }
}
