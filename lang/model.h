/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The checked stacks as typed structs, expanded from schema.def: one struct m_KIND a kind, one member a field. This is what the whole-stack rules
 * and the lowering read. The compiler's check makes it; nobody changes it afterwards. Everything lives in the compilation's arena.
 *
 *	FIELD   -> struct f_TYPE member		.set: given or defaulted; .given: written somewhere; .at: where; .v: the value
 *	RARE    -> struct f_TYPE rare->member	the same; a block in which none of them is given shares what .rare points to, so that .at is nowhere unless it is given
 *	MAP     -> struct { VEC } member	entries sorted by name
 *	BLOCK   -> struct m_CHILD *member (ONE, NULL where absent) or a vector of pointers sorted by name (MANY)
 *	ARROW   -> vector of { mode, left, right, block }, in source order */
#ifndef CTC_LANG_MODEL_H
#define CTC_LANG_MODEL_H

#include "lang/source.h"
#include "lang/value.h"

#define KIND_BEGIN(kind, word, named, doc) struct m_##kind;
#include "lang/schema.def"

/* Lists of references: m_containers, m_secrets, … */
#define REFS(tag, one, kind, plural)      \
	struct m_##plural {               \
		struct m_##kind **at;     \
		struct span *spans;       \
		size_t n;                 \
	};
#include "lang/ref.def"

/* Wherever a port of a container stands in the model, it has its number, both ends of it, and a protocol, also where it was named. */

/* web.http, or web:8080/tcp. */
struct port_ref {
	struct m_container *container;
	struct port port;
	bool named;		/* it is one that the container declares, and its name was written (port_name) */
};

enum flow_end_kind { END_CONTAINER, END_SUBNET, END_WORLD, END_HOST };

/* One side of a flow. On the right side of an arrow: with .port.lo == 0 every declared port of the container or the subnet's members, or every port
 * and protocol of the world or the host. On the left side the port is never set. */
struct flow_end {
	enum flow_end_kind kind : 8;
	bool named;		/* as that of a port_ref */
	struct port port;
	union {
		struct m_container *container;	/* END_CONTAINER */
		struct m_subnet *subnet;	/* END_SUBNET */
	};
};

#define TYPE(tag, ctype, shown)          \
	struct f_##tag {                 \
		bool set, given;         \
		struct span at;          \
		ctype v;                 \
	};                               \
	struct entry_##tag {             \
		struct str name;         \
		struct span at;          \
		struct f_##tag value;    \
	};
#include "lang/type.def"
#undef TYPE

/* What every block has. */
struct m_head {
	struct str name;	/* empty where the kind has none */
	struct span at;		/* of the name, or of the word where there is none */
	struct m_stack *stack;	/* the stack that it stands in; of a stack: itself */
	uint8_t place;		/* of a container: where its network is, as compiler/net.h names it */
	bool outside;		/* of a stack: its file is only used, not given: it is checked and referred to, and nothing is made of it */
	uint32_t index;		/* of a container or a subnet: its place among all of its kind in the model, stack by stack */
};

#define KIND_BEGIN(kind, word, named, doc) struct rare_##kind {
#define RARE(kind, member, name, type, need, dflt, min, max, doc) struct f_##type member;
#define KIND_END(kind) \
	}              \
	;
#include "lang/schema.def"

#define M_ONE(child, member) struct m_##child *member;
#define M_MANY(child, member) VEC(struct m_##child *) member;
#define KIND_BEGIN(kind, word, named, doc) \
	struct m_##kind {                  \
		struct m_head head;        \
		struct rare_##kind *rare;
#define RARE(kind, member, name, type, need, dflt, min, max, doc)
#define FIELD(kind, member, name, type, need, dflt, min, max, doc) struct f_##type member;
#define MAP(kind, member, name, type, doc) VEC(struct entry_##type) member;
#define BLOCK(kind, member, name, child, how, doc) M_##how(child, member)
#define ARROW(kind, member, name, left_type, right_type, child, doc)    \
	VEC(struct {                                                    \
		struct span at;                                         \
		enum word mode; /* second word; WORD_COUNT: none */     \
		struct f_##left_type left;                              \
		struct f_##right_type right;                            \
		struct m_##child *block;                                \
	}) member;
#define KIND_END(kind) \
	}              \
	;
#include "lang/schema.def"
#undef M_ONE
#undef M_MANY

/* output name = value, as its canonical text; of a list, one for each item. */
struct m_output {
	struct str name;
	struct strs texts;
	bool list;
	struct span at;
};

/* An image of a registry that is named without a digest, so that another one can have the name tomorrow. Once for each name. */
struct m_tagged {
	struct str reference;	/* as written */
	struct span at;
	struct str digest;	/* sha256:…, to which ctstack.lock pins it: the containers' image has it then. Empty where it does not */
};

/* A name at the other end of a tunnel, whose address somebody has to ask for. Once for each name. */
struct m_named {
	struct str name;
	struct span at;
	struct addr address;	/* as ctstack.lock has it; family 0 where it does not */
};

struct model {
	VEC(struct m_stack *) stacks;	/* sorted by name; those of used files too, see outside */
	VEC(struct m_tagged *) tagged;	/* of the stacks in scope, in the order of containers */
	VEC(struct m_named *) named;	/* of the stacks in scope, in the order of containers */
	VEC(struct m_output) outputs;	/* of the files that are in scope, sorted by name */
};

#endif
