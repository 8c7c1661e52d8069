from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referrals", "0014_labels_and_block_loans")]

    operations = [
        migrations.RemoveConstraint(model_name="referral", name="referral_number_once"),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.UniqueConstraint(fields=("number", "institution"), name="referral_number_once"),
        ),
    ]
