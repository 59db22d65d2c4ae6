//! Metrics and their data points, borrowed from the bytes of a request.
//!
//! One reader serves today's protocol and its version 0.7, which AWS metric streams still send: the fields that one of them does not
//! have are free in the other, so both are read. Source: spec/honeycomb-api.md section 7.

use crate::otlp::protobuf::{Broken, Message, bytes, fixed64, known, varint};
use crate::otlp::view::{Attribute, Value};
use waggle_model::{MetricType, Temporality};

/// What the data points of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Version 0.7: the value's eight bytes are an integer.
    IntGauge,
    Gauge,
    /// Version 0.7.
    IntSum,
    Sum,
    /// Version 0.7: the sum's eight bytes are an integer, and a sum that is not there is zero.
    IntHistogram,
    Histogram,
    ExponentialHistogram,
    Summary,
}

/// A metric.
#[derive(Debug, Default)]
pub(super) struct MetricView<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Option<Kind>,
    /// Of sums and histograms: 1 is delta, all others cumulative.
    temporality: u32,
    is_monotonic: bool,
    pub(super) points: Vec<Message<'a>>,
}

/// A number as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// A data point of any kind; what its kind does not have is empty.
#[derive(Debug, Default)]
pub(super) struct PointView<'a> {
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) labels: Vec<Attribute<'a>>,
    pub(super) unix_nano: u64,
    pub(super) flags: u32,
    pub(super) number: Option<Number>,
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bucket_counts: Vec<u64>,
    pub(super) bounds: Vec<f64>,
    pub(super) scale: i32,
    pub(super) zero_count: u64,
    pub(super) positive: Buckets,
    pub(super) negative: Buckets,
    /// Quantiles, from 0 to 1, and their values.
    pub(super) quantiles: Vec<(f64, f64)>,
}

/// The buckets of an exponential histogram on one side of zero.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

impl Kind {
    /// The kind that a metric's field says.
    fn of_field(key: u64) -> Option<Self> {
        const KINDS: [(u64, Kind); 8] = [
            (bytes(4), Kind::IntGauge),
            (bytes(5), Kind::Gauge),
            (bytes(6), Kind::IntSum),
            (bytes(7), Kind::Sum),
            (bytes(8), Kind::IntHistogram),
            (bytes(9), Kind::Histogram),
            (bytes(10), Kind::ExponentialHistogram),
            (bytes(11), Kind::Summary),
        ];
        KINDS
            .iter()
            .find(|(field, _)| *field == key)
            .map(|(_, kind)| *kind)
    }

    /// The fields of its list of data points: of histograms also the temporality, of sums whether they only rise.
    fn known(self) -> u32 {
        match self {
            Self::IntGauge | Self::Gauge | Self::Summary => known(&[1]),
            Self::IntSum | Self::Sum => known(&[1, 2, 3]),
            Self::IntHistogram | Self::Histogram | Self::ExponentialHistogram => known(&[1, 2]),
        }
    }
}

impl<'a> MetricView<'a> {
    pub(super) fn read(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const NAME: u64 = bytes(1);
        const DESCRIPTION: u64 = bytes(2);
        const UNIT: u64 = bytes(3);
        const METADATA: u64 = bytes(12);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        self.name = "";
        self.kind = None;
        self.temporality = 0;
        self.is_monotonic = false;
        self.points.clear();
        while let Some(key) = message.key()? {
            match key {
                NAME => self.name = message.str()?,
                DESCRIPTION | UNIT => drop(message.text()?),
                METADATA => drop(Attribute::read(message.message()?)?),
                key => match Kind::of_field(key) {
                    Some(kind) => self.read_data(kind, message.message()?)?,
                    None => message.skip(key, KNOWN)?,
                },
            }
        }
        Ok(())
    }

    /// Whether each point says what was added since the one before.
    pub(super) fn is_delta(&self) -> bool {
        const DELTA: u32 = 1;
        self.temporality == DELTA
    }

    /// What the sender declared it to be, when it has points.
    pub(super) fn metric_type(&self) -> Option<MetricType> {
        if self.points.is_empty() {
            return None;
        }
        let temporality = match self.is_delta() {
            true => Temporality::Delta,
            false => Temporality::Cumulative,
        };
        Some(match self.kind? {
            Kind::IntGauge | Kind::Gauge => MetricType::Gauge,
            Kind::IntSum | Kind::Sum => MetricType::Sum {
                temporality,
                is_monotonic: self.is_monotonic,
            },
            Kind::IntHistogram | Kind::Histogram | Kind::ExponentialHistogram => {
                MetricType::Histogram(temporality)
            }
            Kind::Summary => MetricType::Summary,
        })
    }

    /// Data of one kind is joined with what was there; the last of several kinds counts.
    fn read_data(&mut self, kind: Kind, mut message: Message<'a>) -> Result<(), Broken> {
        const POINTS: u64 = bytes(1);
        const TEMPORALITY: u64 = varint(2);
        const IS_MONOTONIC: u64 = varint(3);
        if let Some(earlier) = self.kind
            && earlier != kind
        {
            let mut point = PointView::default();
            for message in self.points.drain(..) {
                point.read(earlier, message)?;
            }
            self.temporality = 0;
            self.is_monotonic = false;
        }
        self.kind = Some(kind);
        let known = kind.known();
        while let Some(key) = message.key()? {
            match key {
                POINTS => self.points.push(message.message()?),
                TEMPORALITY if known & (1 << 2) != 0 => {
                    self.temporality = message.uint32()?;
                }
                IS_MONOTONIC if known & (1 << 3) != 0 => {
                    self.is_monotonic = message.varint()? != 0;
                }
                key => message.skip(key, known)?,
            }
        }
        Ok(())
    }
}

const START: u64 = fixed64(2);
const TIME: u64 = fixed64(3);

impl<'a> PointView<'a> {
    /// Reads a point over this one.
    pub(super) fn read(&mut self, kind: Kind, message: Message<'a>) -> Result<(), Broken> {
        self.clear();
        match kind {
            Kind::IntGauge | Kind::IntSum => self.read_number(message, true)?,
            Kind::Gauge | Kind::Sum => self.read_number(message, false)?,
            Kind::IntHistogram => self.read_histogram(message, true)?,
            Kind::Histogram => self.read_histogram(message, false)?,
            Kind::ExponentialHistogram => self.read_exponential(message)?,
            Kind::Summary => self.read_summary(message)?,
        }
        self.attributes.append(&mut self.labels);
        Ok(())
    }

    fn clear(&mut self) {
        self.attributes.clear();
        self.labels.clear();
        self.unix_nano = 0;
        self.flags = 0;
        self.number = None;
        self.count = 0;
        self.sum = None;
        self.min = None;
        self.max = None;
        self.bucket_counts.clear();
        self.bounds.clear();
        self.scale = 0;
        self.zero_count = 0;
        self.positive.clear();
        self.negative.clear();
        self.quantiles.clear();
    }

    fn read_number(&mut self, mut message: Message<'a>, is_int: bool) -> Result<(), Broken> {
        const LABELS: u64 = bytes(1);
        const VALUE: u64 = fixed64(4);
        const EXEMPLARS: u64 = bytes(5);
        const INT_VALUE: u64 = fixed64(6);
        const ATTRIBUTES: u64 = bytes(7);
        const FLAGS: u64 = varint(8);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8]);
        while let Some(key) = message.key()? {
            match key {
                LABELS => self.labels.push(read_label(message.message()?)?),
                START => drop(message.fixed64()?),
                TIME => self.unix_nano = message.fixed64()?,
                VALUE if is_int => self.number = Some(integer(message.fixed64()?)),
                VALUE => self.number = Some(Number::Float(message.double()?)),
                EXEMPLARS => check_exemplar(message.message()?)?,
                INT_VALUE => self.number = Some(integer(message.fixed64()?)),
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                FLAGS => self.flags = message.uint32()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_histogram(&mut self, mut message: Message<'a>, is_int: bool) -> Result<(), Broken> {
        const LABELS: u64 = bytes(1);
        const COUNT: u64 = fixed64(4);
        const SUM: u64 = fixed64(5);
        const BUCKET_COUNT: u64 = fixed64(6);
        const BUCKET_COUNTS: u64 = bytes(6);
        const BOUND: u64 = fixed64(7);
        const BOUNDS: u64 = bytes(7);
        const EXEMPLARS: u64 = bytes(8);
        const ATTRIBUTES: u64 = bytes(9);
        const FLAGS: u64 = varint(10);
        const MIN: u64 = fixed64(11);
        const MAX: u64 = fixed64(12);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        self.sum = is_int.then_some(0.0);
        while let Some(key) = message.key()? {
            match key {
                LABELS => self.labels.push(read_label(message.message()?)?),
                START => drop(message.fixed64()?),
                TIME => self.unix_nano = message.fixed64()?,
                COUNT => self.count = message.fixed64()?,
                SUM if is_int => self.sum = Some(float(message.fixed64()?.cast_signed())),
                SUM => self.sum = Some(message.double()?),
                BUCKET_COUNT => self.bucket_counts.push(message.fixed64()?),
                BUCKET_COUNTS => packed(message.bytes()?, |message| {
                    self.bucket_counts.push(message.fixed64()?);
                    Ok(())
                })?,
                BOUND => self.bounds.push(message.double()?),
                BOUNDS => packed(message.bytes()?, |message| {
                    self.bounds.push(message.double()?);
                    Ok(())
                })?,
                EXEMPLARS => check_exemplar(message.message()?)?,
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                FLAGS => self.flags = message.uint32()?,
                MIN => self.min = Some(message.double()?),
                MAX => self.max = Some(message.double()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_exponential(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const ATTRIBUTES: u64 = bytes(1);
        const COUNT: u64 = fixed64(4);
        const SUM: u64 = fixed64(5);
        const SCALE: u64 = varint(6);
        const ZERO_COUNT: u64 = fixed64(7);
        const POSITIVE: u64 = bytes(8);
        const NEGATIVE: u64 = bytes(9);
        const FLAGS: u64 = varint(10);
        const EXEMPLARS: u64 = bytes(11);
        const MIN: u64 = fixed64(12);
        const MAX: u64 = fixed64(13);
        const ZERO_THRESHOLD: u64 = fixed64(14);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
        while let Some(key) = message.key()? {
            match key {
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                START | ZERO_THRESHOLD => drop(message.fixed64()?),
                TIME => self.unix_nano = message.fixed64()?,
                COUNT => self.count = message.fixed64()?,
                SUM => self.sum = Some(message.double()?),
                SCALE => self.scale = message.sint32()?,
                ZERO_COUNT => self.zero_count = message.fixed64()?,
                POSITIVE => self.positive.read(message.message()?)?,
                NEGATIVE => self.negative.read(message.message()?)?,
                FLAGS => self.flags = message.uint32()?,
                EXEMPLARS => check_exemplar(message.message()?)?,
                MIN => self.min = Some(message.double()?),
                MAX => self.max = Some(message.double()?),
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }

    fn read_summary(&mut self, mut message: Message<'a>) -> Result<(), Broken> {
        const LABELS: u64 = bytes(1);
        const COUNT: u64 = fixed64(4);
        const SUM: u64 = fixed64(5);
        const QUANTILES: u64 = bytes(6);
        const ATTRIBUTES: u64 = bytes(7);
        const FLAGS: u64 = varint(8);
        const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7, 8]);
        self.sum = Some(0.0);
        while let Some(key) = message.key()? {
            match key {
                LABELS => self.labels.push(read_label(message.message()?)?),
                START => drop(message.fixed64()?),
                TIME => self.unix_nano = message.fixed64()?,
                COUNT => self.count = message.fixed64()?,
                SUM => self.sum = Some(message.double()?),
                QUANTILES => self.quantiles.push(read_quantile(message.message()?)?),
                ATTRIBUTES => self.attributes.push(Attribute::read(message.message()?)?),
                FLAGS => self.flags = message.uint32()?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

impl Buckets {
    fn clear(&mut self) {
        self.offset = 0;
        self.counts.clear();
    }

    fn read(&mut self, mut message: Message<'_>) -> Result<(), Broken> {
        const OFFSET: u64 = varint(1);
        const COUNT: u64 = varint(2);
        const COUNTS: u64 = bytes(2);
        const KNOWN: u32 = known(&[1, 2]);
        while let Some(key) = message.key()? {
            match key {
                OFFSET => self.offset = message.sint32()?,
                COUNT => self.counts.push(message.varint()?),
                COUNTS => packed(message.bytes()?, |message| {
                    self.counts.push(message.varint()?);
                    Ok(())
                })?,
                key => message.skip(key, KNOWN)?,
            }
        }
        Ok(())
    }
}

/// Reads numbers that lie one after another in one field.
fn packed(
    bytes: &[u8],
    mut read: impl FnMut(&mut Message<'_>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut numbers = Message::new(bytes, 0);
    while !numbers.rest().is_empty() {
        read(&mut numbers)?;
    }
    Ok(())
}

/// An attribute as version 0.7 has them: two texts.
fn read_label(mut message: Message<'_>) -> Result<Attribute<'_>, Broken> {
    const KEY: u64 = bytes(1);
    const VALUE: u64 = bytes(2);
    const KNOWN: u32 = known(&[1, 2]);
    let mut label = Attribute {
        value: Value::String("".into()),
        ..Attribute::default()
    };
    while let Some(key) = message.key()? {
        match key {
            KEY => label.key = message.text()?,
            VALUE => label.value = Value::String(message.text()?),
            key => message.skip(key, KNOWN)?,
        }
    }
    Ok(label)
}

fn read_quantile(mut message: Message<'_>) -> Result<(f64, f64), Broken> {
    const QUANTILE: u64 = fixed64(1);
    const VALUE: u64 = fixed64(2);
    const KNOWN: u32 = known(&[1, 2]);
    let (mut quantile, mut value) = (0.0, 0.0);
    while let Some(key) = message.key()? {
        match key {
            QUANTILE => quantile = message.double()?,
            VALUE => value = message.double()?,
            key => message.skip(key, KNOWN)?,
        }
    }
    Ok((quantile, value))
}

/// An exemplar: a value and the span it was measured in, which become no columns.
fn check_exemplar(mut message: Message<'_>) -> Result<(), Broken> {
    const LABELS: u64 = bytes(1);
    const EXEMPLAR_TIME: u64 = fixed64(2);
    const VALUE: u64 = fixed64(3);
    const SPAN_ID: u64 = bytes(4);
    const TRACE_ID: u64 = bytes(5);
    const INT_VALUE: u64 = fixed64(6);
    const ATTRIBUTES: u64 = bytes(7);
    const KNOWN: u32 = known(&[1, 2, 3, 4, 5, 6, 7]);
    while let Some(key) = message.key()? {
        match key {
            LABELS => drop(read_label(message.message()?)?),
            EXEMPLAR_TIME | VALUE | INT_VALUE => drop(message.fixed64()?),
            SPAN_ID | TRACE_ID => drop(message.bytes()?),
            ATTRIBUTES => drop(Attribute::read(message.message()?)?),
            key => message.skip(key, KNOWN)?,
        }
    }
    Ok(())
}

fn integer(bits: u64) -> Number {
    Number::Int(bits.cast_signed())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "today's protocol has sums as floats"
)]
fn float(sum: i64) -> f64 {
    sum as f64
}
