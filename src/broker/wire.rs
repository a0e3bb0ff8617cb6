//! MQTT's fields as they lie in the bytes. What is not there whole gives None; whether it may be there is not asked here.

/// What is left of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'b>(pub &'b [u8]);

/// One of MQTT 5's properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property<'b> {
    pub id: u8,
    pub value: Value<'b>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'b> {
    Number(u32),
    Text(&'b [u8]),
    Bytes(&'b [u8]),
    Pair(&'b [u8], &'b [u8]),
}

impl<'b> Reader<'b> {
    pub fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub fn two(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A variable byte integer of at most four bytes.
    pub fn variable(&mut self) -> Option<usize> {
        let mut value = 0;
        for place in 0..4 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Text or other bytes, with their length in front.
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.two()?;
        self.take(usize::from(length))
    }

    /// Properties, with their length in front.
    pub fn properties(&mut self) -> Option<Self> {
        let length = self.variable()?;
        self.take(length).map(Self)
    }

    /// The next property (MQTT 5.0, section 2.2.2.2); None also where there is none of this id.
    pub fn property(&mut self) -> Option<Property<'b>> {
        let id = self.byte()?;
        let value = match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => Value::Number(self.byte()?.into()),
            0x13 | 0x21..=0x23 => Value::Number(self.two()?.into()),
            0x02 | 0x11 | 0x18 | 0x27 => Value::Number(u32::from_be_bytes(self.take(4)?.try_into().ok()?)),
            0x0b => Value::Number(u32::try_from(self.variable()?).ok()?),
            0x03 | 0x08 | 0x12 | 0x15 | 0x1a | 0x1c | 0x1f => Value::Text(self.bytes()?),
            0x09 | 0x16 => Value::Bytes(self.bytes()?),
            0x26 => Value::Pair(self.bytes()?, self.bytes()?),
            _ => return None,
        };
        Some(Property { id, value })
    }
}
