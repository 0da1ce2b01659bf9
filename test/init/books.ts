import { defineApi, type Input, kind, reply } from 'allocation-mock/api'

interface Book {
  readonly id?: number
  readonly title: string
  readonly author?: Author
}

interface Author {
  readonly slug: string
  readonly name: string
  readonly id: number
}

interface NewAuthor {
  readonly slug: string
  readonly name?: string
}

/** Books 2: what each operation of books.json does. Operations that are taken out are answered from the document. */
export default defineApi({
  document: new URL('./books.json', import.meta.url),
  kinds: { book: kind<Book>({ schema: 'Book', word: 'books' }), author: kind<Author>({ schema: 'Author', word: 'authors' }) },
  problems: {
    'book-unknown': { status: 404, title: 'There is no such book' },
    'author-unknown': { status: 404, title: 'There is no such author' },
  },
  behaviours: {
    /** GET /books */
    books: (_input, scene) => reply(200, scene.list('book')),
    /** POST /books */
    addBook: ({ body }: Input<{ body: Book }>, scene) => reply(200, scene.add('book', { id: nextId(scene.list('book')), ...body })),
    /** GET /books/{bookId} */
    book: ({ path }: Input<{ path: { bookId: number } }>, scene) => {
      const found = scene.get('book', String(path.bookId))
      return found ? reply(200, found) : scene.refuse('book-unknown')
    },
    /** PUT /books/{bookId} */
    changeBook: ({ path, body: { id: _id, ...body } }: Input<{ path: { bookId: number }; body: Book }>, scene) => {
      const found = scene.get('book', String(path.bookId))
      if (!found) return scene.refuse('book-unknown')
      scene.put('book', { ...found, ...body })
      return reply(204)
    },
    /** DELETE /books/{bookId} */
    removeBook: ({ path }: Input<{ path: { bookId: number } }>, scene) => {
      if (!scene.get('book', String(path.bookId))) return scene.refuse('book-unknown')
      scene.remove('book', String(path.bookId))
      return reply(204)
    },
    /** POST /authors */
    addAuthor: ({ body }: Input<{ body: NewAuthor }>, scene) =>
      reply(201, scene.add('author', { id: nextId(scene.list('author')), name: '', ...body })),
    /** GET /authors/{slug} */
    author: ({ path }: Input<{ path: { slug: string } }>, scene) => {
      const found = scene.list('author').find((one) => one.slug === path.slug)
      return found ? reply(200, found) : scene.refuse('author-unknown')
    },
    /** DELETE /authors/{slug} */
    removeAuthor: ({ path }: Input<{ path: { slug: string } }>, scene) => {
      const found = scene.list('author').find((one) => one.slug === path.slug)
      if (!found) return scene.refuse('author-unknown')
      scene.remove('author', String(found.id))
      return reply(204)
    },
  },
})

/** The number behind those that there are. */
function nextId(all: readonly { readonly id?: number }[]): number {
  return Math.max(0, ...all.map(({ id = 0 }) => id)) + 1
}
