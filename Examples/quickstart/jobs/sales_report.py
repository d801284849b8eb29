"""sales_report.py ORDERS REPORT: sums orders by country and month into a JSON report.

The report is replaced in one step, so a reader never sees half of it and a repeated run changes nothing.
"""

import csv
import json
import os
import sys
from collections import defaultdict
from decimal import Decimal


def summarise(rows):
    totals = defaultdict(lambda: {"orders": 0, "units": 0, "revenue": Decimal(0)})
    refused = []
    for number, row in enumerate(rows, start=2):
        try:
            units, price = int(row["units"]), Decimal(row["unit_price"])
        except (ValueError, ArithmeticError):
            refused.append({"line": number, "order": row["order"]})
            continue
        total = totals[row["country"], row["date"][:7]]
        total["orders"] += 1
        total["units"] += units
        total["revenue"] += units * price
    return totals, refused


def main(source, target):
    with open(source, newline="", encoding="utf-8") as file:
        totals, refused = summarise(csv.DictReader(file))
    report = {
        "run": os.environ.get("ONEBEAT_RUN_KEY"),
        "by_country_and_month": [
            {"country": country, "month": month, **total, "revenue": str(total["revenue"])}
            for (country, month), total in sorted(totals.items())
        ],
        "refused": refused,
    }
    with open(target + ".partial", "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)
    os.replace(target + ".partial", target)
    revenue = sum(total["revenue"] for total in totals.values())
    orders = sum(total["orders"] for total in totals.values())
    print(f"{orders} orders worth {revenue} in {len(totals)} groups; {len(refused)} lines refused")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
