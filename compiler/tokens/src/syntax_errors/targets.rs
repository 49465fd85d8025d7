//! What may be assigned to, deleted or looped over, and the first part of an expression that may not.

use super::SyntaxErr;
use super::core::{K, Node, Parser, R, need};
use crate::token;

/// Who asks for the target: it decides what is refused, and the verb.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Assign,
    Loop,
    Delete,
}

impl Parser<'_> {
    /// The error for the first part of `node` that cannot be a target, if there is one.
    pub(super) fn refuse_target(&self, node: Node, usage: Use) -> Result<(), Box<SyntaxErr>> {
        let Some(wrong) = self.invalid_target(node, usage, 0) else { return Ok(()) };
        let verb = if usage == Use::Delete { "delete" } else { "assign to" };
        Err(self.error_at_node(wrong, format!("cannot {verb} {}", wrong.kind.describe())))
    }

    fn invalid_target(&self, node: Node, usage: Use, depth: usize) -> Option<Node> {
        match node.kind {
            K::Name | K::Attribute | K::Subscript => None,
            K::Tuple | K::List if depth < 300 => {
                self.kids_of(node).iter().find_map(|&kid| self.invalid_target(kid, usage, depth + 1))
            }
            K::Starred if usage != Use::Delete => {
                self.kids_of(node).first().and_then(|&kid| self.invalid_target(kid, usage, depth + 1))
            }
            K::Compare if usage == Use::Loop => None,
            K::CompareIn if usage == Use::Loop => {
                self.kids_of(node).first().and_then(|&kid| self.invalid_target(kid, usage, depth + 1))
            }
            _ => Some(node),
        }
    }

    /// Whether an expression that has been parsed can be assigned to.
    fn is_target(&self, node: Node, usage: Use) -> bool {
        self.invalid_target(node, usage, 0).is_none()
    }

    /// One target, with or without a star.
    pub(super) fn star_target(&mut self) -> R<Node> {
        let first = self.mark;
        if self.accept(token::STAR)? {
            if self.kind()? == token::STAR {
                return Ok(None);
            }
            let inner = need!(self.deeper(Self::star_target));
            return Ok(Some(self.node_with(K::Starred, first, &[inner])));
        }
        self.target_atom(Use::Assign)
    }

    fn target_atom(&mut self, usage: Use) -> R<Node> {
        let node = need!(self.primary());
        Ok(self.is_target(node, usage).then_some(node))
    }

    /// Targets separated by commas.
    pub(super) fn star_targets(&mut self) -> R<Node> {
        let first = self.mark;
        let head = need!(self.attempt(Self::star_target));
        let mut all = vec![head];
        let mut tuple = false;
        while self.accept(token::COMMA)? {
            tuple = true;
            match self.attempt(Self::star_target)? {
                Some(next) => all.push(next),
                None => break,
            }
        }
        Ok(Some(if tuple { self.node_with(K::Tuple, first, &all) } else { head }))
    }

    /// The targets of `del`.
    pub(super) fn del_targets(&mut self) -> R<()> {
        need!(self.attempt(|p| p.target_atom(Use::Delete)));
        while self.accept(token::COMMA)? {
            if self.attempt(|p| p.target_atom(Use::Delete))?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// A name, attribute or subscript, in parentheses or not: what an augmented assignment takes.
    pub(super) fn single_target(&mut self) -> R<Node> {
        let node = need!(self.primary());
        Ok(matches!(node.kind, K::Name | K::Attribute | K::Subscript).then_some(node))
    }
}
