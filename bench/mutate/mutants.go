package main

import (
	"go/ast"
	"go/token"
)

// mutant is a change of one token: a comparison turned round or moved by one, a
// sum for a difference, an "or" for an "and".
type mutant struct {
	file     string
	at       token.Position
	from, to string
	outcome  outcome
}

var replacements = map[token.Token][]token.Token{
	token.LSS:        {token.LEQ, token.GEQ},
	token.LEQ:        {token.LSS, token.GTR},
	token.GTR:        {token.GEQ, token.LEQ},
	token.GEQ:        {token.GTR, token.LSS},
	token.EQL:        {token.NEQ},
	token.NEQ:        {token.EQL},
	token.LAND:       {token.LOR},
	token.LOR:        {token.LAND},
	token.ADD:        {token.SUB},
	token.SUB:        {token.ADD},
	token.MUL:        {token.QUO},
	token.QUO:        {token.MUL},
	token.REM:        {token.MUL},
	token.INC:        {token.DEC},
	token.DEC:        {token.INC},
	token.ADD_ASSIGN: {token.SUB_ASSIGN},
	token.SUB_ASSIGN: {token.ADD_ASSIGN},
}

// mutantsOf lists the changes of a file.
func mutantsOf(fset *token.FileSet, path string, file *ast.File) (all []mutant) {
	add := func(pos token.Pos, from string, to ...string) {
		for _, replacement := range to {
			all = append(all, mutant{file: path, at: fset.Position(pos), from: from, to: replacement})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			add(n.OpPos, n.Op.String(), texts(replacements[n.Op])...)
		case *ast.IncDecStmt:
			add(n.TokPos, n.Tok.String(), texts(replacements[n.Tok])...)
		case *ast.AssignStmt:
			add(n.TokPos, n.Tok.String(), texts(replacements[n.Tok])...)
		case *ast.UnaryExpr:
			if n.Op == token.NOT || n.Op == token.SUB {
				add(n.OpPos, n.Op.String(), "")
			}
		case *ast.Ident:
			if other, ok := map[string]string{"true": "false", "false": "true"}[n.Name]; ok {
				add(n.Pos(), n.Name, other)
			}
		}
		return true
	})
	return all
}

func texts(tokens []token.Token) (all []string) {
	for _, t := range tokens {
		all = append(all, t.String())
	}
	return all
}

// in is the source with the change made.
func (m mutant) in(source []byte) []byte {
	changed := append([]byte(nil), source[:m.at.Offset]...)
	changed = append(changed, m.to...)
	return append(changed, source[m.at.Offset+len(m.from):]...)
}
