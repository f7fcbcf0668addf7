"""The people and tickets of `make demo`: invented, on stages that exist."""

from dataclasses import dataclass

PASSWORD = "a-demo-password"  # noqa: S105 (of invented people, on a system for trying out)


@dataclass(frozen=True, slots=True)
class Seller:
    """Somebody with tickets to sell; each ticket is its title and its price in major units."""

    email: str
    tickets: tuple[tuple[str, str], ...]


SELLERS = (
    Seller(
        "maya.lindholm@example.com",
        (
            ("Aurora Quartet, Cadogan Hall, 4 December, row F seat 12", "42.00"),
            ("Aurora Quartet, Cadogan Hall, 4 December, row F seat 13", "42.00"),
            ("Messiah by candlelight, St Martin-in-the-Fields, 11 December", "35.50"),
            ("Winter Serenades, Wigmore Hall, 9 January, balcony", "18.00"),
        ),
    ),
    Seller(
        "tomas.ferreira@example.com",
        (
            ("Northern Harbour, Brooklyn Paramount, 28 November, standing", "58.00"),
            ("Northern Harbour, Brooklyn Paramount, 29 November, standing", "61.00"),
            ("The Paper Lanterns, Bowery Ballroom, 5 December", "39.00"),
            ("Vesper Street, Kings Theatre, 12 December, mezzanine", "68.00"),
            ("Vesper Street, Kings Theatre, 12 December, orchestra", "112.00"),
        ),
    ),
    Seller(
        "ines.okafor@example.com",
        (
            ("The Cherry Orchard, Golden Theatre, Saturday matinee, row C", "96.50"),
            ("The Cherry Orchard, Golden Theatre, Saturday matinee, row K", "74.00"),
            ("An Evening of Short Plays, Young Vic, 3 December", "22.00"),
            ("A Midwinter Night's Dream, Barbican, 19 December, stalls", "57.25"),
        ),
    ),
    Seller(
        "jonas.weber@example.com",
        (
            ("City derby, Olympic Stadium, 6 December, block 14", "85.00"),
            ("City derby, Olympic Stadium, 6 December, block 15", "85.00"),
            ("Handball cup final, Lanxess Arena, upper tier", "29.90"),
            ("Six-day cycling, Velodrom, opening night", "47.00"),
        ),
    ),
    Seller(
        "priya.raman@example.com",
        (
            ("Light after Dark, timed entry, Saturday 17:00, one adult", "16.00"),
            ("Light after Dark, timed entry, Saturday 17:00, one child", "8.00"),
            ("Museum late, with the curator, 10 December", "24.00"),
            ("Planetarium, The Long Winter Sky, two seats", "27.00"),
        ),
    ),
    Seller(
        "elias.moreau@example.com",
        (
            ("Low Tide Festival, weekend pass with camping", "219.00"),
            ("Low Tide Festival, Saturday only", "89.00"),
            ("Silent film with live organ, Union Chapel", "19.99"),
            ("The Understudies, improvised comedy, front row", "15.00"),
            ("New Year's concert, Philharmonie, terrace", "134.50"),
        ),
    ),
)
