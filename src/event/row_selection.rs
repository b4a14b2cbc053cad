use std::ops::Range;

/// Rows of some chunks, in an order.
#[derive(Clone, Debug, Default)]
pub(super) struct RowSelection {
    pub(super) runs: Vec<Run>,
}

/// Consecutive rows of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The number of selected rows before these.
    before: u32,
    chunk: u32,
    start: u32,
    length: u32,
}

impl Run {
    /// The rows of the chunk.
    pub(super) fn rows(&self) -> Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }

    /// The positions of the rows among all selected rows.
    pub(super) fn positions(&self) -> Range<usize> {
        self.before as usize..(self.before + self.length) as usize
    }

    /// The number of the chunk.
    pub(super) fn chunk(&self) -> usize {
        self.chunk as usize
    }
}

impl RowSelection {
    pub(super) fn len(&self) -> usize {
        self.runs.last().map_or(0, |last| last.positions().end)
    }

    /// Adds rows of a chunk; they extend the last run where they follow it.
    pub(super) fn push(&mut self, chunk: usize, rows: Range<usize>) {
        let [before, chunk, start, length] = [self.len(), chunk, rows.start, rows.len()].map(number);
        match self.runs.last_mut() {
            _ if length == 0 => {}
            Some(last) if last.chunk == chunk && last.start + last.length == start => last.length += length,
            _ => self.runs.push(Run { before, chunk, start, length }),
        }
    }

    /// The chunks that have selected rows, out of `chunks`. They are numbered anew, in this order.
    pub(super) fn used(&mut self, chunks: usize) -> Vec<usize> {
        let (mut used, mut numbers) = (Vec::new(), vec![None; chunks]);
        for run in &mut self.runs {
            run.chunk = *numbers[run.chunk()].get_or_insert_with(|| {
                used.push(run.chunk());
                number(used.len() - 1)
            });
        }
        used
    }

    /// The chunk, and the row in it, at a position.
    pub(super) fn at(&self, position: usize) -> (usize, usize) {
        let run = &self.runs[self.runs.partition_point(|run| run.positions().end <= position)];
        (run.chunk(), run.rows().start + position - run.positions().start)
    }

    /// The chunk, and the row in it, at each position.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        self.runs.iter().flat_map(|run| run.rows().map(|row| (run.chunk(), row)))
    }

    /// The rows at some positions, which ascend.
    pub(super) fn only(&self, positions: &[usize]) -> Self {
        let (mut some, mut runs) = (Self::default(), self.runs.iter().peekable());
        for position in positions {
            while runs.next_if(|run| run.positions().end <= *position).is_some() {}
            let run = runs.peek().expect("the positions are those of selected rows");
            let row = run.rows().start + position - run.positions().start;
            some.push(run.chunk(), row..row + 1);
        }
        some
    }

    /// The rows at an interval of positions.
    pub(super) fn slice(&self, positions: &Range<usize>) -> Self {
        let mut some = Self::default();
        let first = self.runs.partition_point(|run| run.positions().end <= positions.start);
        for run in self.runs[first..].iter().take_while(|run| run.positions().start < positions.end) {
            let Range { start: before, end } = run.positions();
            let start = run.rows().start;
            some.push(
                run.chunk(),
                start + positions.start.max(before) - before..start + positions.end.min(end) - before,
            );
        }
        some
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("there are fewer than 2^32 events")
}
