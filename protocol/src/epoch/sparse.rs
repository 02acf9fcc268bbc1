//! Rows of (column, value) pairs in one block of memory that keeps its capacity.

use crate::fixed::I32F32;

use super::{steps::Rows, workspace::held};

/// One cell of a sparse row.
pub(super) type Cell = (u16, I32F32);

/// A sparse matrix, written row by row.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    cells: Vec<Cell>,
    ends: Vec<usize>,
}

impl Sparse {
    /// Forgets all rows and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
    }

    /// Appends a cell to the row that is being written.
    pub(super) fn push(&mut self, column: u16, value: I32F32) {
        self.cells.push((column, value));
    }

    /// Ends the row that is being written.
    pub(super) fn end_row(&mut self) {
        self.ends.push(self.cells.len());
    }

    /// The cells of the row that is being written.
    pub(super) fn open_row(&mut self) -> &mut [Cell] {
        let start = self.ends.last().copied().unwrap_or(0);
        self.cells.get_mut(start..).unwrap_or_default()
    }

    /// Row `index`, empty where there is none.
    pub(super) fn row(&self, index: usize) -> &[Cell] {
        let Some(end) = self.ends.get(index) else { return &[] };
        let start = index.checked_sub(1).and_then(|above| self.ends.get(above)).copied().unwrap_or(0);
        self.cells.get(start..*end).unwrap_or_default()
    }

    /// All rows from the first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        (0..self.ends.len()).map(|index| self.row(index))
    }

    /// Divides each column by its sum; a column of zeros stays. `sums` is scratch of one value a column.
    pub(super) fn normalise_columns(&mut self, sums: &mut [I32F32]) {
        sums.fill(I32F32::ZERO);
        for (column, value) in &self.cells {
            if let Some(sum) = sums.get_mut(usize::from(*column)) {
                *sum = sum.saturating_add(*value);
            }
        }
        self.divide_columns(sums);
    }

    /// Divides each column by its greatest value; a column without positive value stays.
    pub(super) fn upscale_columns(&mut self, greatest: &mut [I32F32]) {
        greatest.fill(I32F32::ZERO);
        for (column, value) in &self.cells {
            if let Some(most) = greatest.get_mut(usize::from(*column)) {
                *most = (*most).max(*value);
            }
        }
        self.divide_columns(greatest);
    }

    fn divide_columns(&mut self, divisors: &[I32F32]) {
        for (column, value) in &mut self.cells {
            match divisors.get(usize::from(*column)) {
                Some(divisor) if *divisor != I32F32::ZERO => *value = value.safe_div(*divisor),
                _ => {}
            }
        }
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        held(&self.cells) + held(&self.ends)
    }

    /// A copy for the steps of an epoch.
    pub(super) fn to_rows(&self) -> Rows {
        self.rows().map(<[Cell]>::to_vec).collect()
    }
}

/// Divides a vector by its sum; a vector of zeros stays.
pub(super) fn normalise(values: &mut [I32F32]) {
    let sum = sum(values);
    if sum == I32F32::ZERO {
        return;
    }
    for value in values {
        *value = value.safe_div(sum);
    }
}

/// Sum of a vector.
pub(super) fn sum(values: &[I32F32]) -> I32F32 {
    values.iter().fold(I32F32::ZERO, |sum, value| sum.saturating_add(*value))
}
